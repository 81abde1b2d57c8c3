using Torchyard.Images.Debian.Packages;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Host;

/// <summary>
/// What dpkg's database says about the machine (dpkg(1), "FILES"): installed packages, what they need, whose each file is.
/// </summary>
internal sealed class HostPackages
{
    /// <summary>Directory of the database.</summary>
    internal const string Database = "/var/lib/dpkg";

    private readonly HostTree _tree;
    private readonly Dictionary<string, List<HostPackage>> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<HostPackage>> _providers = new(StringComparer.Ordinal);
    private readonly Dictionary<HostPackage, IReadOnlyList<string>> _files = [];
    private readonly Dictionary<string, List<HostPackage>> _owners = new(StringComparer.Ordinal);

    private HostPackages(HostTree tree) => _tree = tree;

    /// <summary>Every installed package, in the order of the status file.</summary>
    public IReadOnlyList<HostPackage> All { get; private set; } = [];

    /// <summary>Reads the database; null when this machine has none.</summary>
    public static HostPackages? Read(HostTree tree)
    {
        if (tree.ReadText($"{Database}/status", 256 << 20) is not { } status)
        {
            return null;
        }

        var packages = new HostPackages(tree);
        var aliases = Aliases(tree);
        var diversions = ReadDiversions(tree, aliases);
        var all = new List<HostPackage>();
        foreach (var paragraph in Paragraphs(status))
        {
            // "hold ok installed" is as installed as "install ok installed"; half-configured packages are taken for what they are.
            if (
                ControlParagraph.Parse(paragraph) is { } control
                && control["Package"] is { Length: > 0 } name
                && control["Status"]?.EndsWith(" installed", StringComparison.Ordinal) == true
            )
            {
                var qualified = $"{name}:{control["Architecture"]}";
                var package = new HostPackage(control, tree.IsFile($"{Database}/info/{qualified}.list") ? qualified : name, paragraph);
                all.Add(package);
                packages.Add(package, aliases, diversions);
            }
        }

        packages.All = all;
        return all.Count == 0 ? null : packages;
    }

    /// <summary>Paths of a package's files and directories without links in the parents, as its list has them.</summary>
    public IReadOnlyList<string> FilesOf(HostPackage package) => _files[package];

    /// <summary>Packages that have a path; several for directories.</summary>
    /// <param name="path">Path without links in its parents.</param>
    public IReadOnlyList<HostPackage> OwnersOf(string path) => _owners.GetValueOrDefault(path) ?? [];

    /// <summary>An installed package by name, of this machine's own architecture when there are several.</summary>
    public HostPackage? Find(string name, string architecture = "") =>
        _byName.GetValueOrDefault(name) is { } found
            ? found.FirstOrDefault(package => package.Architecture == architecture) ?? found[0]
            : null;

    /// <summary>
    /// The packages and all that they need. Of alternatives the first that is installed counts, as for apt's autoremove of what was chosen.
    /// </summary>
    public IReadOnlySet<HostPackage> Closure(IEnumerable<HostPackage> wanted)
    {
        var members = new HashSet<HostPackage>();
        var open = new Stack<HostPackage>(wanted);
        while (open.TryPop(out var package))
        {
            if (!members.Add(package))
            {
                continue;
            }

            foreach (var field in new[] { "Pre-Depends", "Depends" })
            {
                foreach (
                    var clause in (package.Control[field] ?? "").Split(
                        ',',
                        StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
                    )
                )
                {
                    if (Satisfy(clause, package) is { } needed)
                    {
                        open.Push(needed);
                    }
                }
            }
        }

        return members;
    }

    /// <summary>Paragraphs of a status file.</summary>
    internal static IEnumerable<string> Paragraphs(string status)
    {
        for (var at = 0; at < status.Length; )
        {
            var end = status.IndexOf("\n\n", at, StringComparison.Ordinal);
            var paragraph = end < 0 ? status[at..] : status[at..end];
            at = end < 0 ? status.Length : end + 2;
            if (!string.IsNullOrWhiteSpace(paragraph))
            {
                yield return paragraph;
            }
        }
    }

    /// <summary>Top directories that are links, such as <c>/lib</c> to <c>/usr/lib</c>: packages list files under both names.</summary>
    internal static Dictionary<string, string> Aliases(HostTree tree)
    {
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in tree.List("/"))
        {
            if (tree.TryStat("/" + name, out var stat) && stat.Type == FileKind.Link && tree.Resolve("/" + name) is { } real && real != "/")
            {
                aliases["/" + name] = real;
            }
        }

        return aliases;
    }

    /// <summary>A listed path with its top directory replaced when that is a link.</summary>
    internal static string Unalias(string path, Dictionary<string, string> aliases)
    {
        var slash = path.Length > 1 ? path.IndexOf('/', 1) : -1;
        var top = slash < 0 ? path : path[..slash];
        return aliases.TryGetValue(top, out var real) ? (slash < 0 ? real : real + path[slash..]) : path;
    }

    private static Dictionary<string, (string To, string Package)> ReadDiversions(HostTree tree, Dictionary<string, string> aliases)
    {
        var result = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        var lines = (tree.ReadText($"{Database}/diversions") ?? "").Split('\n');
        for (var index = 0; index + 2 < lines.Length; index += 3)
        {
            result[Unalias(lines[index], aliases)] = (Unalias(lines[index + 1], aliases), lines[index + 2]);
        }

        return result;
    }

    private void Add(HostPackage package, Dictionary<string, string> aliases, Dictionary<string, (string To, string Package)> diversions)
    {
        Append(_byName, package.Name, package);
        Append(_providers, package.Name, package);
        foreach (var provided in PackageRelations.Names(package.Control["Provides"]))
        {
            Append(_providers, provided, package);
        }

        var files = new List<string>();
        foreach (
            var line in (_tree.ReadText($"{Database}/info/{package.InfoName}.list") ?? "").Split(
                '\n',
                StringSplitOptions.RemoveEmptyEntries
            )
        )
        {
            if (line is "/." or "/" || line[0] != '/')
            {
                continue;
            }

            var path = Unalias(line, aliases);
            // What a package diverts for itself stays; others' files are moved aside.
            if (diversions.TryGetValue(path, out var diverted) && diverted.Package != package.Name)
            {
                path = diverted.To;
            }

            files.Add(path);
            Append(_owners, path, package);
        }

        _files[package] = files;
    }

    private HostPackage? Satisfy(string clause, HostPackage needing)
    {
        var names = PackageRelations.Names(clause).ToList();
        foreach (var name in names)
        {
            if (_byName.ContainsKey(name))
            {
                return Find(name, needing.Architecture);
            }
        }

        foreach (var name in names)
        {
            if (_providers.GetValueOrDefault(name) is [var provider, ..])
            {
                return provider;
            }
        }

        return null;
    }

    private static void Append(Dictionary<string, List<HostPackage>> map, string key, HostPackage package)
    {
        if (!map.TryGetValue(key, out var list))
        {
            map[key] = list = [];
        }

        list.Add(package);
    }
}
