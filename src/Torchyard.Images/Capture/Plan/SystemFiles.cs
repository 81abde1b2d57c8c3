using System.Text;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Environments;
using Torchyard.Platform.Linking;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Files of the base system that no package lists, because installing made them: dpkg's own database, alternatives, accounts, the loader's
/// cache. Each is made for exactly the packages and files of the image.
/// </summary>
/// <param name="tree">The machine.</param>
internal sealed class SystemFiles(HostTree tree)
{
    private const string Alternatives = "/etc/alternatives";

    // Copied by base-files and libc-bin when they are configured.
    private static readonly (string Target, string Source)[] Copies =
    [
        ("etc/profile", "/usr/share/base-files/profile"),
        ("etc/nsswitch.conf", "/usr/share/libc-bin/nsswitch.conf"),
        ("etc/nsswitch.conf", "/usr/share/base-files/nsswitch.conf"),
    ];

    /// <summary>dpkg's database with these packages alone: <c>dpkg -l</c> and <c>dpkg --verify</c> tell the truth.</summary>
    public IEnumerable<CaptureEntry> PackageDatabase(IReadOnlyList<HostPackage> packages)
    {
        var sorted = packages.OrderBy(package => package.InfoName, StringComparer.Ordinal).ToList();
        yield return Text("var/lib/dpkg/status", string.Concat(sorted.Select(package => package.Paragraph.Trim('\n') + "\n\n")));
        yield return Text("var/lib/dpkg/available", "");
        foreach (var name in new[] { "arch", "info/format" })
        {
            if (tree.ReadText($"{HostPackages.Database}/{name}") is { } text)
            {
                yield return Text("var/lib/dpkg/" + name, text);
            }
        }

        var names = sorted.Select(package => package.Name).ToHashSet(StringComparer.Ordinal);
        if (Diversions(names) is { Length: > 0 } diversions)
        {
            yield return Text("var/lib/dpkg/diversions", diversions);
        }

        foreach (var name in tree.List(HostPackages.Database + "/triggers"))
        {
            // One interested package a line, behind the path in "File", alone in the files that are named after a trigger.
            var lines = (tree.ReadText($"{HostPackages.Database}/triggers/{name}") ?? "")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => names.Contains(PackageOf(line[(line.LastIndexOf(' ') + 1)..])))
                .ToList();
            if (lines.Count > 0 && name is not ("Unincorp" or "Lock"))
            {
                yield return Text("var/lib/dpkg/triggers/" + name, string.Concat(lines.Select(line => line + "\n")));
            }
        }
    }

    /// <summary>Names in <c>info/</c> by package.</summary>
    public ILookup<string, string> InfoFiles() =>
        tree.List(HostPackages.Database + "/info")
            .Where(name => name.Contains('.', StringComparison.Ordinal))
            .ToLookup(name => name[..name.LastIndexOf('.')], name => $"{HostPackages.Database}/info/{name}", StringComparer.Ordinal);

    /// <summary>Alternatives (update-alternatives(1)) whose chosen program is in the image.</summary>
    /// <param name="has">True for a path, without a leading slash, that the image has.</param>
    public IEnumerable<CaptureEntry> ChosenAlternatives(Func<string, bool> has)
    {
        foreach (var name in tree.List(HostPackages.Database + "/alternatives"))
        {
            if (
                tree.ReadText($"{HostPackages.Database}/alternatives/{name}") is not { } text
                || AlternativeFile.Parse(text) is not { } alternative
                || tree.ResolveParent(tree.ReadLink($"{Alternatives}/{name}")) is not { } chosen
                || !has(chosen[1..])
            )
            {
                continue;
            }

            foreach (var (link, path) in alternative.Slaves.Prepend((Name: name, alternative.Link)))
            {
                var target = tree.ReadLink($"{Alternatives}/{link}");
                if (target.Length > 0 && tree.ResolveParent(target) is { } real && has(real[1..]) && tree.ResolveParent(path) is { } place)
                {
                    yield return CaptureEntry.Link($"etc/alternatives/{link}", target);
                    yield return CaptureEntry.Link(place[1..], $"{Alternatives}/{link}");
                }
            }

            yield return Text(
                "var/lib/dpkg/alternatives/" + name,
                alternative.Write(choice => tree.ResolveParent(choice) is { } real && has(real[1..]))
            );
        }
    }

    /// <summary>
    /// Top directories that are links, directories that every system has, and configuration that packages copy into place.
    /// </summary>
    public IEnumerable<CaptureEntry> Skeleton(Func<string, bool> has)
    {
        foreach (var name in new[] { "bin", "sbin", "lib", "lib32", "lib64", "libx32" })
        {
            if (tree.TryStat("/" + name, out var stat) && stat.Type == FileKind.Link)
            {
                yield return CaptureEntry.Link(name, tree.ReadLink("/" + name));
            }
        }

        foreach (
            var name in new[]
            {
                "dev",
                "etc",
                "home",
                "mnt",
                "opt",
                "proc",
                "run",
                "srv",
                "sys",
                "usr",
                "var",
                "var/cache",
                "var/lib",
                "var/log",
                "var/spool",
            }
        )
        {
            yield return CaptureEntry.Directory(name);
        }

        yield return CaptureEntry.Directory("root", FileModes.PrivateDirectory);
        yield return CaptureEntry.Directory("tmp", FileModes.SharedDirectory);
        yield return CaptureEntry.Directory("var/tmp", FileModes.SharedDirectory);
        yield return CaptureEntry.Link("var/run", "/run");
        var made = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (target, source) in Copies)
        {
            if (!has(target) && tree.ReadText(source) is { } text && made.Add(target))
            {
                yield return Text(target, text);
            }
        }

        if (!has("etc/nsswitch.conf") && made.Add("etc/nsswitch.conf"))
        {
            yield return Text(
                "etc/nsswitch.conf",
                "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n"
            );
        }
    }

    /// <summary>The trusted certificates as update-ca-certificates put them together, with those that this machine's owner added.</summary>
    public IEnumerable<string> Certificates()
    {
        foreach (var name in tree.List("/etc/ssl/certs"))
        {
            yield return "/etc/ssl/certs/" + name;
        }

        yield return "/etc/ca-certificates.conf";
    }

    /// <summary>The loader's cache with the libraries of the image alone; null when the machine has none.</summary>
    public CaptureEntry? LoaderCache(Func<string, bool> has)
    {
        if (tree.ReadBytes("/etc/ld.so.cache", 64 << 20) is not { } bytes)
        {
            return null;
        }

        var kept = LinkerCache.Read(bytes).Where(entry => tree.ResolveParent(entry.Path) is { } real && has(real[1..])).ToList();
        return CaptureEntry.Text("etc/ld.so.cache", LinkerCacheWriter.Write(kept, LinkerCache.HardwareCapabilityNames(bytes)));
    }

    /// <summary>
    /// Accounts as base-passwd makes them, with those that own something in the image, or that its services need. Nobody who works on this
    /// machine is among them, and no password.
    /// </summary>
    /// <param name="users">Ids of users that own captured files.</param>
    /// <param name="groups">Ids of groups that own captured files.</param>
    public AccountFiles Accounts(IReadOnlySet<uint> users, IReadOnlySet<uint> groups)
    {
        var passwd = Lines("/usr/share/base-passwd/passwd.master", DefaultAccounts.Passwd);
        var group = Lines("/usr/share/base-passwd/group.master", DefaultAccounts.Group);
        Merge(passwd, tree.ReadText("/etc/passwd"), fields => IsNeeded(fields, users) || fields[0] is "_apt" or "sshd");
        Merge(group, tree.ReadText("/etc/group"), fields => IsNeeded(fields, groups));
        var accounts = passwd.Select(line => line.Split(':')).ToList();
        return new AccountFiles(
            Join(accounts.Select(fields => string.Join(':', [fields[0], "x", .. fields[2..]]))),
            Join(group.Select(line => line.Split(':')).Select(fields => $"{fields[0]}:x:{fields[2]}:")),
            Join(accounts.Select(fields => $"{fields[0]}:*:19700:0:99999:7:::")),
            Join(group.Select(line => $"{line.Split(':')[0]}:*::"))
        );
    }

    private List<string> Lines(string master, string otherwise) =>
        [
            .. (tree.ReadText(master) ?? otherwise)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line.Split(':').Length >= 3),
        ];

    private static void Merge(List<string> into, string? machine, Func<string[], bool> needed)
    {
        var names = into.Select(line => line.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
        var ids = into.Select(line => line.Split(':')[2]).ToHashSet(StringComparer.Ordinal);
        foreach (var line in (machine ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(':');
            if (fields.Length >= 3 && needed(fields) && names.Add(fields[0]) && ids.Add(fields[2]))
            {
                into.Add(line);
            }
        }
    }

    private static bool IsNeeded(string[] fields, IReadOnlySet<uint> ids) =>
        uint.TryParse(fields[2], out var id) && id < 1000 && ids.Contains(id);

    private string Diversions(HashSet<string> names)
    {
        var lines = (tree.ReadText(HostPackages.Database + "/diversions") ?? "").Split('\n');
        var kept = new StringBuilder();
        for (var index = 0; index + 2 < lines.Length; index += 3)
        {
            if (lines[index + 2] == ":" || names.Contains(lines[index + 2]))
            {
                kept.Append(lines[index]).Append('\n').Append(lines[index + 1]).Append('\n').Append(lines[index + 2]).Append('\n');
            }
        }

        return kept.ToString();
    }

    private static string PackageOf(string interest) => interest.Split('/', ':')[0];

    private static string Join(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static CaptureEntry Text(string path, string text) => CaptureEntry.Text(path, Encoding.UTF8.GetBytes(text));
}
