using Torchyard.Flows.Hosts;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.CommandLine;

/// <summary>The caller of this process.</summary>
internal static class ProcessCaller
{
    /// <summary>Reads it from the process.</summary>
    public static Caller Read()
    {
        var place = WorkingPlace.Find(Directory.GetCurrentDirectory);
        if (!place.IsThere)
        {
            Inheritance.LeaveDirectory();
        }

        return new Caller
        {
            Variable = Environment.GetEnvironmentVariable,
            IsText = (name, value) => CommandLineBytes.IsText(name, value, CommandLineBytes.EnvironmentOfThisProcess),
            VariableNames = () => [.. Environment.GetEnvironmentVariables().Keys.OfType<string>()],
            Place = place,
            UserId = UserCalls.EffectiveUser(),
            Clock = TimeProvider.System,
        };
    }
}
