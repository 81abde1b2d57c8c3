using Torchyard.Images.Capture.Host;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Collects what the image must have of the machine: the package that a path belongs to, or the path itself when it belongs to none, with
/// every link that leads there.
/// </summary>
/// <param name="tree">The machine.</param>
/// <param name="packages">Its packages, or null.</param>
/// <param name="isInside">True for a path without links that the environment brings itself.</param>
internal sealed class HostNeeds(HostTree tree, HostPackages? packages, Func<string, bool> isInside)
{
    private readonly Dictionary<HostPackage, string> _packages = [];
    private readonly SortedDictionary<string, string> _loose = new(StringComparer.Ordinal);

    /// <summary>Packages, each with the first reason.</summary>
    public IReadOnlyDictionary<HostPackage, string> Packages => _packages;

    /// <summary>Files and links that belong to no package, by path without links in its parents, each with the first reason.</summary>
    public IReadOnlyDictionary<string, string> Loose => _loose;

    /// <summary>The image must have what this path leads to, under this path.</summary>
    public void Path(string path, string reason)
    {
        var links = new List<string>();
        if (tree.Resolve(path, links) is not { } real)
        {
            return;
        }

        // Links in the root, such as /lib, are there anyway.
        foreach (var link in links.Where(link => link.LastIndexOf('/') > 0).Append(real))
        {
            Own(link, reason);
        }
    }

    /// <summary>The image must have a package, if the machine has it.</summary>
    public bool Package(string name, string reason)
    {
        if (packages?.Find(name) is not { } found)
        {
            return false;
        }

        _packages.TryAdd(found, reason);
        return true;
    }

    private void Own(string path, string reason)
    {
        if (isInside(path))
        {
            return;
        }

        if (packages?.OwnersOf(path) is { Count: > 0 } owners)
        {
            foreach (var owner in owners)
            {
                _packages.TryAdd(owner, reason);
            }
        }
        else if (tree.TryStat(path, out var stat) && stat.Type != FileKind.Directory)
        {
            _loose.TryAdd(path, reason);
        }
    }
}
