using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Hosts;

/// <summary>The working directory of the caller, or why there is none. Only a verb that needs it fails then.</summary>
internal sealed record WorkingPlace
{
    private readonly string? _directory;
    private readonly string? _problem;

    private WorkingPlace(string? directory, string? problem) => (_directory, _problem) = (directory, problem);

    /// <summary>True when there is one.</summary>
    public bool IsThere => _directory is not null;

    /// <summary>Its absolute path.</summary>
    /// <exception cref="TorchyardException">TY9031: there is none.</exception>
    public string Directory =>
        _directory
        ?? throw new TorchyardException(
            "TY9031",
            $"the working directory cannot be used: {_problem}",
            "change to another directory (cd), then run the command again"
        )
        {
            IsUsage = true,
        };

    /// <summary>A directory that is there.</summary>
    public static WorkingPlace At(string directory) => new(directory, null);

    /// <summary>What getcwd(3) says.</summary>
    /// <param name="current">Asks for it.</param>
    public static WorkingPlace Find(Func<string> current)
    {
        try
        {
            var directory = current();
            return directory.Contains((char)Rune.ReplacementChar.Value, StringComparison.Ordinal)
                ? new WorkingPlace(null, $"its name, shown as {directory}, is not UTF-8")
                : At(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new WorkingPlace(
                null,
                error is FileNotFoundException or DirectoryNotFoundException ? "it was deleted" : error.Message.TrimEnd('.')
            );
        }
    }
}
