using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Python;

namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Directories outside an environment from which its interpreter imports (site, "path configuration files"; PEP 610 for editable ones).
/// </summary>
/// <param name="tree">The machine.</param>
internal sealed class LinkedDirectories(HostTree tree)
{
    /// <summary>The directories that exist, each with its reason, by path.</summary>
    /// <param name="sites">Site directories.</param>
    /// <param name="distributions">Distributions that are taken.</param>
    public IReadOnlyDictionary<string, string> Find(IEnumerable<string> sites, IEnumerable<InstalledDistribution> distributions)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var site in sites)
        {
            foreach (var name in tree.List(site))
            {
                if (name.EndsWith(".pth", StringComparison.Ordinal) || name.EndsWith(".egg-link", StringComparison.Ordinal))
                {
                    Add(
                        $"{site}/{name}",
                        Lines(tree.ReadText($"{site}/{name}")).Where(line => !line.StartsWith("import ", StringComparison.Ordinal)),
                        site
                    );
                }
                else if (
                    name.StartsWith("__editable___", StringComparison.Ordinal) && name.EndsWith("_finder.py", StringComparison.Ordinal)
                )
                {
                    // setuptools writes: MAPPING: dict[str, str] = {'package': '/path/to/package'}
                    Add(
                        $"{site}/{name}",
                        Lines(tree.ReadText($"{site}/{name}"))
                            .Where(line => line.StartsWith("MAPPING", StringComparison.Ordinal))
                            .SelectMany(QuotedPaths),
                        site
                    );
                }
            }
        }

        foreach (var distribution in distributions)
        {
            if (distribution.EditablePath is { } path && tree.Resolve(path) is { } real && tree.IsDirectory(real))
            {
                found.TryAdd(real, $"{distribution.Name} is installed from it in editable mode");
            }
        }

        // A directory inside another one that is taken comes with it.
        var paths = found.Keys.ToList();
        foreach (
            var inner in paths.Where(path => paths.Exists(outer => outer != path && path.StartsWith(outer + "/", StringComparison.Ordinal)))
        )
        {
            found.Remove(inner);
        }

        return found;

        void Add(string file, IEnumerable<string> lines, string site)
        {
            foreach (var line in lines)
            {
                var path = DistributionReader.Join(site, line);
                if (tree.Resolve(path) is { } real && tree.IsDirectory(real))
                {
                    found.TryAdd(real, $"{file} names it");
                }
            }
        }
    }

    private static IEnumerable<string> Lines(string? text) =>
        (text ?? "").Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#');

    private static IEnumerable<string> QuotedPaths(string line)
    {
        foreach (var part in line.Split('\'', '"'))
        {
            if (part.StartsWith('/'))
            {
                yield return part;
            }
        }
    }
}
