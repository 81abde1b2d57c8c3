using Torchyard.CommandLine;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary>
/// Verbs that take several names do their work for each of them: one that fails is told, and keeps no other from its turn.
/// </summary>
internal static class EachName
{
    /// <summary>The names, or the working directory where there are none: the environment of the project there.</summary>
    public static IReadOnlyList<string> OrProject(string[]? names) => names is { Length: > 0 } ? names : ["."];

    /// <summary>The only name.</summary>
    /// <exception cref="TorchyardException">TY9001: there are more.</exception>
    public static string One(IReadOnlyList<string> names, string command) =>
        names is [var only]
            ? only
            : throw new TorchyardException("TY9001", $"'{command}' takes one container", "name one, or leave the option out")
            {
                IsUsage = true,
            };

    /// <summary>The names; a verb that kills takes no directory for granted.</summary>
    /// <exception cref="TorchyardException">TY9001: there are none.</exception>
    public static IReadOnlyList<string> Required(string[] names, string verb) =>
        names.Length > 0
            ? names
            : throw new TorchyardException("TY9001", $"'torchyard {verb}' needs CONTAINER", $"see 'torchyard {verb} --help'")
            {
                IsUsage = true,
            };

    /// <summary>Does the work for every name.</summary>
    /// <returns>Done, or failed when it failed for one of them.</returns>
    /// <exception cref="TorchyardException">The failure, when it was the only one, so that it is shown as every other.</exception>
    /// <param name="invocation">Where failures are shown.</param>
    /// <param name="names">The names.</param>
    /// <param name="work">Done for each.</param>
    /// <param name="after">Shows what was found, before any failure; null for nothing.</param>
    public static async Task<int> DoAsync(Invocation invocation, IReadOnlyList<string> names, Func<string, Task> work, Action? after = null)
    {
        var failures = new List<TorchyardException>();
        foreach (var name in names)
        {
            try
            {
                await work(name);
            }
            catch (TorchyardException failure)
            {
                failures.Add(failure);
            }
        }

        after?.Invoke();
        // All but the last here; the last is the command's own end, in the form that was asked for.
        foreach (var failure in failures.SkipLast(1))
        {
            FailureText.ShowText(invocation.Screen, failure);
        }

        return failures is [.., var last] ? throw last : ExitCode.Done;
    }
}
