using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Apt;

/// <summary>The machine's own apt settings, read from its files; nothing is executed.</summary>
internal sealed class MachineApt
{
    private readonly string _root;

    private MachineApt(string root) => _root = root;

    /// <summary>apt.conf.</summary>
    public AptConfiguration Configuration { get; } = new();

    /// <summary>Binary package sources, in apt's order of files.</summary>
    public List<AptSource> Sources { get; } = [];

    /// <summary>Logins.</summary>
    public AptCredentials Credentials { get; } = new();

    /// <summary>Files that could not be used, in words; a broken source of another vendor must not stop a build.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Reads the settings below a root directory, <c>/</c> on a machine.</summary>
    /// <param name="root">Root of the file system.</param>
    /// <param name="environment">Looks up an environment variable; APT_CONFIG names one more file.</param>
    public static MachineApt Read(string root, Func<string, string?> environment)
    {
        var machine = new MachineApt(root);
        if (environment("APT_CONFIG") is { Length: > 0 } extra && File.Exists(extra))
        {
            machine.Use(extra, text => machine.Configuration.Read(text, extra));
        }

        // apt reads the parts first and the main file last (apt.conf(5)).
        foreach (var file in machine.Parts("etc/apt/apt.conf.d", "conf", allowBare: true).Append(machine.At("etc/apt/apt.conf")))
        {
            machine.Use(file, text => machine.Configuration.Read(text, file));
        }

        foreach (var file in machine.Parts("etc/apt/sources.list.d", "list").Prepend(machine.At("etc/apt/sources.list")))
        {
            machine.Use(file, text => machine.Sources.AddRange(AptSourcesReader.ReadList(text, file)));
        }

        foreach (var file in machine.Parts("etc/apt/sources.list.d", "sources"))
        {
            machine.Use(file, text => machine.Sources.AddRange(AptSourcesReader.ReadSources(text, file)));
        }

        foreach (var file in machine.Parts("etc/apt/auth.conf.d", "conf").Prepend(machine.At("etc/apt/auth.conf")))
        {
            machine.Use(file, machine.Credentials.Read);
        }

        machine.Notes.AddRange(machine.Configuration.Notes);
        if (
            (machine.Configuration["Acquire::http::Proxy-Auto-Detect"] ?? machine.Configuration["Acquire::http::ProxyAutoDetect"]) is
            { Length: > 0 }
        )
        {
            machine.Notes.Add("apt's Proxy-Auto-Detect runs a program and is not used; set Acquire::http::Proxy or http_proxy instead");
        }

        return machine;
    }

    /// <summary>Keyrings that hold Debian's archive keys, and those that apt trusts for every archive.</summary>
    public IEnumerable<string> Keyrings() =>
        Files("usr/share/keyrings", name =>
                name.StartsWith("debian-archive-", StringComparison.Ordinal) && !name.Contains("removed", StringComparison.Ordinal)
            )
            .Concat(Files("etc/apt/trusted.gpg.d", _ => true))
            .Where(file => Path.GetExtension(file) is ".gpg" or ".pgp" or ".asc");

    /// <summary>A path below the root.</summary>
    public string At(string path) => Path.Combine(_root, path.TrimStart('/'));

    /// <summary>What the machine last saw as Origin and Label of a source's Release file, or null when apt never fetched it.</summary>
    public (string Origin, string Label)? KnownOrigin(AptSource source)
    {
        var address = source.Uri;
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        var name = (scheme < 0 ? address : address[(scheme + 3)..]).Replace('/', '_');
        foreach (var file in new[] { "InRelease", "Release" })
        {
            var path = At($"var/lib/apt/lists/{name}_dists_{source.Suite.Replace('/', '_')}_{file}");
            try
            {
                if (File.Exists(path))
                {
                    string origin = "",
                        label = "";
                    foreach (var line in File.ReadLines(path).Take(30))
                    {
                        origin = line.StartsWith("Origin: ", StringComparison.Ordinal) ? line[8..].Trim() : origin;
                        label = line.StartsWith("Label: ", StringComparison.Ordinal) ? line[7..].Trim() : label;
                    }

                    return (origin, label);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Only a hint; the address tells as well.
            }
        }

        return null;
    }

    private void Use(string file, Action<string> read)
    {
        try
        {
            if (File.Exists(file))
            {
                read(File.ReadAllText(file));
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TorchyardException)
        {
            Notes.Add($"{file} is not used: {error.Message}");
        }
    }

    private IEnumerable<string> Parts(string directory, string extension, bool allowBare = false) =>
        Files(directory, name =>
            name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')
            && (Path.GetExtension(name) == "." + extension || (allowBare && !name.Contains('.', StringComparison.Ordinal)))
        );

    private IEnumerable<string> Files(string directory, Func<string, bool> wanted)
    {
        var path = At(directory);
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path).Where(file => wanted(Path.GetFileName(file))).Order(StringComparer.Ordinal)
            : [];
    }
}
