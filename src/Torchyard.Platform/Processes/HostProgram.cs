using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Processes;

/// <summary>
/// A program of this machine that may be started: its absolute path, found and checked. There is no other way to name one, so nothing is
/// ever found through the working directory, and as root no program that another user may change is run.
/// </summary>
public sealed record HostProgram
{
    private HostProgram(string path) => Path = path;

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>
    /// PATH as programs get it that are started: only entries that are absolute and in which nobody else may put a program, then the
    /// system's.
    /// </summary>
    public static string SearchPath => ProgramFinder.OfThisProcess.SearchPath;

    /// <summary>A program in PATH or the system's directories; null when there is none.</summary>
    /// <param name="name">Name without a directory.</param>
    /// <exception cref="TorchyardException">TY9020: there is one, but somebody else may change it.</exception>
    public static HostProgram? Find(string name) => ProgramFinder.OfThisProcess.Find(name) is { } path ? new HostProgram(path) : null;

    /// <summary>A program in PATH or the system's directories.</summary>
    /// <param name="name">Name without a directory.</param>
    /// <exception cref="TorchyardException">TY9020: somebody else may change it; TY9021: there is none.</exception>
    public static HostProgram Require(string name) =>
        Find(name)
        ?? throw new TorchyardException(
            PlatformCodes.ProgramMissing,
            $"{name} is not on this machine",
            $"install {name} with the machine's packages, or correct PATH"
        );

    /// <summary>A program that the user or the store names by its path.</summary>
    /// <param name="path">Absolute path.</param>
    /// <exception cref="TorchyardException">TY9020: somebody else may change it; TY9021: it is not a program.</exception>
    public static HostProgram At(string path)
    {
        ProgramFinder.OfThisProcess.Require(path);
        return new HostProgram(path);
    }

    /// <summary>The program that runs already, to be started once more.</summary>
    public static HostProgram Self { get; } =
        new(Environment.ProcessPath ?? throw new InvalidOperationException("the running program has no path"));

    /// <summary>
    /// A program that the process checked which started this one, where its own view of the machine's files is another by now.
    /// </summary>
    /// <param name="path">Absolute path.</param>
    public static HostProgram Checked(string path) =>
        path.StartsWith('/') ? new HostProgram(path) : throw new ArgumentException($"'{path}' is not absolute", nameof(path));

    /// <inheritdoc />
    public override string ToString() => Path;
}
