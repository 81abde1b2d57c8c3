namespace Torchyard.Jobs.Script;

/// <summary>Which start suits a program.</summary>
public static class LaunchChoice
{
    private static readonly string[] OwnLaunchers = ["torchrun", "ft_launcher", "accelerate", "deepspeed", "horovodrun"];

    /// <summary>Chooses it: Python with several ranks through torchrun, a launcher once a node, anything else as ranks.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="ranks">True when there may be more than one.</param>
    public static JobLaunch Of(IReadOnlyList<string> command, bool ranks)
    {
        ArgumentNullException.ThrowIfNull(command);
        var program = command.Count > 0 ? Path.GetFileName(command[0]) : "";
        return OwnLaunchers.Contains(program, StringComparer.Ordinal)
            || (IsPython(program) && command is [_, "-m", "torch.distributed.run", ..])
                ? JobLaunch.Node
            : ranks && IsPython(program) ? JobLaunch.Torchrun
            : JobLaunch.Ranks;
    }

    private static bool IsPython(string program) =>
        program.StartsWith("python", StringComparison.Ordinal)
        && program[6..].All(character => char.IsAsciiDigit(character) || character == '.');
}
