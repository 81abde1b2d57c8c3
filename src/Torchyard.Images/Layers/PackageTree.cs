using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Layers;

/// <summary>The entries of a layer made of packages: merged, normalised and sorted.</summary>
internal static class PackageTree
{
    /// <summary>
    /// Merges packages. A directory that several ship, or none, is there once, with the metadata of the first package in name order that has it, so
    /// that the layer depends on its own packages alone.
    /// </summary>
    /// <param name="packages">The packages, in name order.</param>
    /// <param name="added">Further entries, such as compiled bytecode.</param>
    internal static List<LayerEntry> Merge(IEnumerable<UnpackedPackage> packages, IEnumerable<TarEntry> added)
    {
        var byPath = new Dictionary<string, TarEntry>(StringComparer.Ordinal);
        foreach (var entry in packages.SelectMany(package => package.Entries).Concat(added))
        {
            if (entry.Name.Length > 0)
            {
                byPath.TryAdd(entry.Name, entry);
            }
        }

        AddMissingParents(byPath);
        var entries = OrderHardLinks(byPath);
        entries.Sort(LayerEntry.Compare);
        return entries;
    }

    /// <summary>Gives the directories on disk the metadata that the layer says: writing into them changed their times.</summary>
    internal static void FinishDirectories(RootDirectory root, List<LayerEntry> entries)
    {
        for (var index = entries.Count - 1; index >= 0; index--)
        {
            var entry = entries[index].Entry;
            if (entry.Kind == TarKind.Directory)
            {
                root.SetAttributes(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt);
            }
        }

        root.SetAttributes("", 0x1ED, 0, 0, 0);
    }

    private static void AddMissingParents(Dictionary<string, TarEntry> byPath)
    {
        foreach (var path in byPath.Keys.ToArray())
        {
            for (var parent = ArchivePath.Parent(path); parent.Length > 0; parent = ArchivePath.Parent(parent))
            {
                if (!byPath.TryAdd(parent, new TarEntry { Name = parent, Kind = TarKind.Directory, Mode = 0x1ED }))
                {
                    break;
                }
            }
        }
    }

    /// <summary>In a sorted archive the first name of a file must carry the content, whichever name the package gave it under.</summary>
    private static List<LayerEntry> OrderHardLinks(Dictionary<string, TarEntry> byPath)
    {
        var groups = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var entry in byPath.Values.Where(entry => entry.Kind == TarKind.HardLink))
        {
            var target = entry.LinkTarget;
            // A link to a link; the count bounds a circle.
            for (var depth = 0; depth < 16 && byPath.TryGetValue(target, out var next) && next.Kind == TarKind.HardLink; depth++)
            {
                target = next.LinkTarget;
            }

            if (!groups.TryGetValue(target, out var names))
            {
                groups[target] = names = [target];
            }

            names.Add(entry.Name);
        }

        var result = new List<LayerEntry>(byPath.Count);
        foreach (var (target, names) in groups)
        {
            if (!byPath.TryGetValue(target, out var original) || original.Kind != TarKind.File)
            {
                throw new TarFormatException($"a hard link points to '{target}', which is not a file of the package");
            }

            names.Sort(string.CompareOrdinal);
            result.Add(new LayerEntry(original with { Name = names[0] }, original.Name));
            result.AddRange(names.Skip(1).Select(name => new LayerEntry(
                original with { Name = name, Kind = TarKind.HardLink, LinkTarget = names[0], Size = 0, Xattrs = [] }, null)));
            foreach (var name in names)
            {
                byPath.Remove(name);
            }
        }

        result.AddRange(byPath.Values.Select(entry => new LayerEntry(entry, entry.Kind == TarKind.File ? entry.Name : null)));
        return result;
    }
}
