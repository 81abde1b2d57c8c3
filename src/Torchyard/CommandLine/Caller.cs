using System.Runtime.InteropServices;
using Torchyard.Platform.Files;

namespace Torchyard.CommandLine;

/// <summary>Who calls the program, from where: all that verbs may take from the process around them.</summary>
internal sealed partial record Caller
{
    /// <summary>Looks up an environment variable.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Names of all environment variables.</summary>
    public Func<IReadOnlyCollection<string>> VariableNames { get; init; } = () => [];

    /// <summary>Absolute working directory at the start.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Effective user id.</summary>
    public required uint UserId { get; init; }

    /// <summary>Clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>True for effective user id 0.</summary>
    public bool IsRoot => UserId == 0;

    /// <summary>The user's home directory.</summary>
    public string Home => Variable("HOME") is { Length: > 0 } home ? home : "/";

    /// <summary>The store that is used without <c>--store</c>.</summary>
    public StorePaths DefaultStore => StorePaths.Default(Variable, IsRoot, Home);

    /// <summary>The caller of this process.</summary>
    public static Caller OfThisProcess() => new()
    {
        Variable = Environment.GetEnvironmentVariable,
        VariableNames = () => [.. Environment.GetEnvironmentVariables().Keys.OfType<string>()],
        WorkingDirectory = Directory.GetCurrentDirectory(),
        UserId = EffectiveUserId(),
        Clock = TimeProvider.System,
    };

    /// <summary>An absolute path from one that the user gave.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, WorkingDirectory);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUserId();
}
