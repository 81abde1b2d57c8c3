using Torchyard.Packages.Debian.Indexes;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Tests.Debian.Resolving;

/// <summary>
/// A private root for the machine's own apt, with an empty dpkg status and trixie's indexes, so that apt resolves from nothing.
/// The indexes are kept in the temporary directory for a day, because every run would fetch the same ten megabytes.
/// </summary>
public sealed class AptRoot : IAsyncLifetime
{
    private const string Sources = """
        deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main contrib non-free
        deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security trixie-security main
        """;

    private string _root = "";
    private PackageUniverse? _universe;

    /// <summary>Why the tests must be skipped, or null.</summary>
    public string? SkipReason { get; private set; }

    internal PackageUniverse Universe => _universe ??= ReadUniverse();

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists("/usr/bin/apt-get"))
        {
            SkipReason = "the machine has no apt-get";
            return;
        }

        _root = Path.Combine(Path.GetTempPath(), $"torchyard-apt-{Environment.UserName}");
        Directory.CreateDirectory(_root);
        using var held = await FileLock.AcquireAsync(Path.Combine(_root, "lock"), exclusive: true, CancellationToken.None);
        if (
            IndexFiles().Length >= 4
            && IndexFiles().All(file => DateTime.UtcNow - File.GetLastAccessTimeUtc(file) < TimeSpan.FromDays(7))
            && DateTime.UtcNow - File.GetLastWriteTimeUtc(Path.Combine(_root, "ready")) < TimeSpan.FromDays(1)
        )
        {
            return;
        }

        foreach (
            var directory in new[]
            {
                "etc/apt/apt.conf.d",
                "etc/apt/preferences.d",
                "etc/apt/trusted.gpg.d",
                "var/lib/apt/lists/partial",
                "var/lib/dpkg",
                "var/cache/apt/archives/partial",
            }
        )
        {
            Directory.CreateDirectory(Path.Combine(_root, directory));
        }

        AtomicFile.WriteText(Path.Combine(_root, "var/lib/dpkg/status"), "");
        AtomicFile.WriteText(Path.Combine(_root, "etc/apt/sources.list"), Sources + "\n");
        AtomicFile.WriteText(
            Path.Combine(_root, "apt.conf"),
            $$"""
            Dir "{{_root}}";
            Dir::State::status "{{_root}}/var/lib/dpkg/status";
            APT::Architecture "amd64";
            APT::Architectures { "amd64"; };
            APT::Sandbox::User "root";
            Acquire::Languages "none";
            Acquire::Check-Valid-Until "false";
            Acquire::Check-Date "false";
            """
        );
        var update = await AptGet(["update", "-o", "APT::Update::Error-Mode=any"]);
        if (update.ExitCode != 0)
        {
            SkipReason = $"trixie's indexes cannot be fetched: {update.Error.Trim()}";
            return;
        }

        AtomicFile.WriteText(Path.Combine(_root, "ready"), "");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>What apt would install, as <c>name=version</c>, or apt's refusal.</summary>
    internal async Task<(SortedSet<string>? Packages, string Output)> SelectAsync(IEnumerable<string> names, bool recommends)
    {
        // "-s" would also put them in the order of their installation, which takes ten times as long as finding them.
        var result = await AptGet([
            "-y",
            "-q",
            "--print-uris",
            "install",
            recommends ? "--install-recommends" : "--no-install-recommends",
            .. names,
        ]);
        if (result.ExitCode != 0)
        {
            return (null, result.Output + result.Error);
        }

        var packages = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in result.Output.Split('\n').Where(line => line.StartsWith('\'')))
        {
            // 'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH
            var words = line.Split(' ')[1].Split('_');
            packages.Add($"{words[0]}={Uri.UnescapeDataString(words[1])}");
        }

        return (packages, result.Output);
    }

    private Task<CommandResult> AptGet(string[] arguments) =>
        HostCommand.RunAsync(
            HostProgram.Require("apt-get"),
            arguments,
            new Dictionary<string, string>
            {
                ["APT_CONFIG"] = Path.Combine(_root, "apt.conf"),
                ["LC_ALL"] = "C",
                ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
                ["HOME"] = _root,
            },
            cancellation: TestContext.Current.CancellationToken
        );

    private string[] IndexFiles()
    {
        var lists = Path.Combine(_root, "var/lib/apt/lists");
        return Directory.Exists(lists) ? Directory.GetFiles(lists, "*_Packages") : [];
    }

    private PackageUniverse ReadUniverse()
    {
        var universe = new PackageUniverse("amd64");
        string[] order =
        [
            "debian_dists_trixie_main_",
            "debian_dists_trixie_contrib_",
            "debian_dists_trixie_non-free_",
            "debian-security_dists_trixie-security_main_",
        ];
        foreach (var part in order)
        {
            universe.Add(
                new PackageIndex(part, File.ReadAllBytes(IndexFiles().Single(file => file.Contains(part, StringComparison.Ordinal))))
            );
        }

        return universe;
    }
}
