using System.CommandLine;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary><c>--job</c> of the verbs for containers: the name of a container may be a number, too.</summary>
internal static class JobOption
{
    public static Option<string?> Create(string what) => new("--job") { Description = what, HelpName = "JOB" };

    /// <summary>Refuses what means a container where a job is named.</summary>
    /// <exception cref="TorchyardException">TY9001.</exception>
    public static void Alone(bool alone, string what)
    {
        if (!alone)
        {
            throw new TorchyardException("TY9001", $"--job names what is meant, and {what} does not go with it", "leave one of them out")
            {
                IsUsage = true,
            };
        }
    }
}
