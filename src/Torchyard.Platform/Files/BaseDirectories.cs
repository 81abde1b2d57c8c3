namespace Torchyard.Platform.Files;

/// <summary>
/// The directories of a user for files of each kind (XDG Base Directory Specification 0.8,
/// https://specifications.freedesktop.org/basedir/). The variables are read here alone: one that is relative says nothing, or what is
/// removed would depend on the working directory.
/// </summary>
public sealed record BaseDirectories
{
    /// <summary>Data: <c>$XDG_DATA_HOME</c>, else <c>~/.local/share</c>.</summary>
    public required string Data { get; init; }

    /// <summary>Settings: <c>$XDG_CONFIG_HOME</c>, else <c>~/.config</c>.</summary>
    public required string Settings { get; init; }

    /// <summary>What is remembered: <c>$XDG_STATE_HOME</c>, else <c>~/.local/state</c>.</summary>
    public required string State { get; init; }

    /// <summary>What can be made again: <c>$XDG_CACHE_HOME</c>, else <c>~/.cache</c>.</summary>
    public required string Cache { get; init; }

    /// <summary>What ends with the session: <c>$XDG_RUNTIME_DIR</c>; null without one.</summary>
    public string? Runtime { get; init; }

    /// <summary>Settings of the machine, most important first: <c>$XDG_CONFIG_DIRS</c>, else <c>/etc/xdg</c>.</summary>
    public required IReadOnlyList<string> MachineSettings { get; init; }

    /// <summary>The directories of a user.</summary>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="home">The user's home directory.</param>
    public static BaseDirectories Of(Func<string, string?> environment, string home)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return new BaseDirectories
        {
            Data = Named("XDG_DATA_HOME") ?? Path.Combine(home, ".local/share"),
            Settings = Named("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"),
            State = Named("XDG_STATE_HOME") ?? Path.Combine(home, ".local/state"),
            Cache = Named("XDG_CACHE_HOME") ?? Path.Combine(home, ".cache"),
            Runtime = Named("XDG_RUNTIME_DIR"),
            MachineSettings = (environment("XDG_CONFIG_DIRS") ?? "").Split(':').Where(IsUsable).ToArray() is { Length: > 0 } named
                ? named
                : ["/etc/xdg"],
        };

        string? Named(string variable) => environment(variable) is { } path && IsUsable(path) ? path : null;
    }

    private static bool IsUsable(string path) => path.StartsWith('/');
}
