using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Packages.Python.Settings;

/// <summary>
/// The machine's own pip settings (pip documentation, "Configuration"): configuration files in all their places, then <c>PIP_*</c>
/// variables. They count where the recipe names no index, so that a site with a mirror sets nothing.
/// </summary>
public sealed record PipSettings
{
    /// <summary><c>index-url</c>, or null.</summary>
    public string? IndexUrl { get; init; }

    /// <summary><c>extra-index-url</c>.</summary>
    public IReadOnlyList<string> ExtraIndexUrls { get; init; } = [];

    /// <summary><c>find-links</c>: directories, or pages of links, which are not followed.</summary>
    public IReadOnlyList<string> FindLinks { get; init; } = [];

    /// <summary><c>no-index</c>.</summary>
    public bool NoIndex { get; init; }

    /// <summary><c>trusted-host</c>: <c>host</c> or <c>host:port</c> that may be plain HTTP or have any certificate.</summary>
    public IReadOnlyList<string> TrustedHosts { get; init; } = [];

    /// <summary><c>proxy</c>, or null for the usual variables.</summary>
    public string? Proxy { get; init; }

    /// <summary><c>cert</c>: a PEM bundle to trust, or null for the system's.</summary>
    public string? Certificates { get; init; }

    /// <summary><c>timeout</c> in seconds.</summary>
    public double Timeout { get; init; } = 15;

    /// <summary><c>retries</c> of a failed request.</summary>
    public int Retries { get; init; } = 5;

    /// <summary><c>constraint</c> files.</summary>
    public IReadOnlyList<string> Constraints { get; init; } = [];

    /// <summary><c>pre</c>: pre-releases are candidates.</summary>
    public bool PreReleases { get; init; }

    /// <summary>The configuration files that were read, for <c>--verbose</c>.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Reads the settings of this machine and user.</summary>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="home">The user's home directory.</param>
    /// <param name="root">Root that the absolute system paths are read below; <c>/</c> but in tests.</param>
    /// <exception cref="TorchyardException">TY2518: a file cannot be read.</exception>
    public static PipSettings Read(Func<string, string?> environment, string home, string root = "/")
    {
        ArgumentNullException.ThrowIfNull(environment);
        var files = new List<string>();
        var merged = new Dictionary<(string Section, string Key), string>();
        foreach (var file in Places(environment, home, root))
        {
            if (TryRead(file) is { } text)
            {
                files.Add(file);
                foreach (var (key, value) in ParseFile(file, text))
                {
                    merged[(key.Section, Canonical(key.Key))] = value;
                }
            }
        }

        // pip reads [global], then the command's section, then the environment, whichever file each is from.
        string? Find(string key) =>
            environment("PIP_" + key.Replace('-', '_').ToUpperInvariant()) is { Length: > 0 } variable ? variable
            : merged.TryGetValue(("install", key), out var own) ? own
            : merged.GetValueOrDefault(("global", key));

        return new PipSettings
        {
            IndexUrl = Find("index-url") is { Length: > 0 } url ? url.Trim() : null,
            ExtraIndexUrls = List(Find("extra-index-url")),
            FindLinks = List(Find("find-links")),
            NoIndex = IsTrue(Find("no-index")),
            TrustedHosts = List(Find("trusted-host")),
            Proxy = Find("proxy") is { Length: > 0 } proxy ? proxy : null,
            Certificates = Find("cert") is { Length: > 0 } cert ? cert : null,
            Timeout =
                double.TryParse(Find("timeout"), System.Globalization.CultureInfo.InvariantCulture, out var timeout) && timeout > 0
                    ? timeout
                    : 15,
            Retries =
                int.TryParse(Find("retries"), System.Globalization.CultureInfo.InvariantCulture, out var retries) && retries >= 0
                    ? Math.Min(retries, 20)
                    : 5,
            Constraints = List(Find("constraint")),
            PreReleases = IsTrue(Find("pre")),
            Files = files,
        };
    }

    /// <summary>Least important first: site-wide, user (old place, then new), virtual environment, PIP_CONFIG_FILE.</summary>
    private static IEnumerable<string> Places(Func<string, string?> environment, string home, string root)
    {
        var named = environment("PIP_CONFIG_FILE");
        if (named == "/dev/null")
        {
            yield break;
        }

        string System(string path) => Path.Combine(root, path.TrimStart('/'));
        var directories = BaseDirectories.Of(environment, home);
        foreach (var directory in directories.MachineSettings.Reverse())
        {
            yield return Path.Combine(System(directory), "pip", "pip.conf");
        }

        yield return System("/etc/pip.conf");
        yield return Path.Combine(home, ".pip", "pip.conf");
        yield return Path.Combine(directories.Settings, "pip", "pip.conf");
        if (environment("VIRTUAL_ENV") is { Length: > 0 } virtualEnvironment)
        {
            yield return Path.Combine(virtualEnvironment, "pip.conf");
        }

        if (named is { Length: > 0 })
        {
            yield return named;
        }
    }

    private static string? TryRead(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : null;
        }
        catch (UnauthorizedAccessException denied)
        {
            throw Unreadable(file, "it may not be read", denied);
        }
    }

    private static IReadOnlyDictionary<(string Section, string Key), string> ParseFile(string file, string text)
    {
        try
        {
            return IniFile.Parse(text);
        }
        catch (InvalidDataException wrong)
        {
            throw Unreadable(file, wrong.Message, wrong);
        }
    }

    private static TorchyardException Unreadable(string file, string why, Exception inner) =>
        new(
            "TY2518",
            $"{file}, this machine's pip settings: {why}",
            "correct the file, name the indexes in the recipe's [python], or set PIP_CONFIG_FILE=/dev/null to do without it",
            inner
        );

    private static string Canonical(string key) => key.Replace('_', '-').TrimStart('-');

    private static string[] List(string? value) =>
        value?.Split([' ', '\n', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private static bool IsTrue(string? value) => value?.Trim().ToLowerInvariant() is "1" or "true" or "yes" or "on" or "y" or "t";
}
