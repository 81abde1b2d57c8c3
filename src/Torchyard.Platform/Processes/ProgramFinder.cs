using System.Collections.Concurrent;
using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Processes;

/// <summary>
/// Finds programs in a search path and in the system's directories. Entries that are not absolute, that are not there, or in which somebody
/// else may put a program are left out, as if they did not stand there.
/// </summary>
internal sealed class ProgramFinder
{
    // An ordinary user's PATH often lacks the administrator's.
    private static readonly string[] SystemDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private readonly FileTrust _trust;
    private readonly IReadOnlyList<string> _directories;
    private readonly ConcurrentDictionary<string, string> _found = new(StringComparer.Ordinal);

    /// <summary>Looks at a search path.</summary>
    /// <param name="searchPath">A PATH.</param>
    /// <param name="trust">Says what others may change.</param>
    public ProgramFinder(string searchPath, FileTrust trust)
    {
        _trust = trust;
        _directories =
        [
            .. searchPath
                .Split(':')
                .Concat(SystemDirectories)
                .Where(directory => directory.StartsWith('/'))
                .Distinct(StringComparer.Ordinal),
        ];
        SearchPath = string.Join(':', _directories.Where(directory => trust.CheckDirectory(directory) is null));
    }

    /// <summary>The finder of this process.</summary>
    public static ProgramFinder OfThisProcess { get; } = new(Environment.GetEnvironmentVariable("PATH") ?? "", FileTrust.OfThisProcess);

    /// <summary>What is left of the search path: the PATH of programs that are started.</summary>
    public string SearchPath { get; }

    /// <summary>Absolute path of a program, remembered once found; null when the machine has none.</summary>
    /// <param name="name">Name without a directory.</param>
    /// <exception cref="TorchyardException">TY9020: there is one, but somebody else may change it.</exception>
    public string? Find(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.Contains('/', StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{name}' is not the name of a program", nameof(name));
        }

        if (_found.TryGetValue(name, out var known))
        {
            return known;
        }

        TorchyardException? refused = null;
        foreach (var path in _directories.Select(directory => directory.TrimEnd('/') + "/" + name).Where(FileTrust.IsProgram))
        {
            if (_trust.CheckProgram(path) is not { } mistrust)
            {
                return _found.GetOrAdd(name, path);
            }

            refused ??= Refused(path, mistrust);
        }

        return refused is null ? null : throw refused;
    }

    /// <summary>Refuses a program that somebody else may change.</summary>
    /// <param name="path">Absolute path of the program.</param>
    /// <exception cref="TorchyardException">TY9020: somebody else may change it; TY9021: it is not there.</exception>
    public void Require(string path)
    {
        if (!FileTrust.IsProgram(path))
        {
            throw new TorchyardException(
                PlatformCodes.ProgramMissing,
                $"{path} is not a program",
                "check the path and the mode of the file"
            );
        }

        if (_trust.CheckProgram(path) is { } mistrust)
        {
            throw Refused(path, mistrust);
        }
    }

    private static TorchyardException Refused(string path, Mistrust mistrust) =>
        new(
            PlatformCodes.ProgramNotTrusted,
            $"{path} is not started, because {(mistrust.Path == path ? "it " + mistrust.ToString()[(path.Length + 1)..] : mistrust)}: "
                + "who may change it would run programs as this user",
            $"use one that belongs to root, installed by the machine's packages; or, if {mistrust.Path} is meant to be yours: chown it "
                + "to root or to this user, and chmod go-w"
        );
}
