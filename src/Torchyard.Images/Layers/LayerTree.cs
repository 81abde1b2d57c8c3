using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Layers;

/// <summary>The entries of a layer that several packages, or an archive, fill: merged, normalised and sorted.</summary>
internal static class LayerTree
{
    /// <summary>
    /// Merges entries. A directory that several bring, or none, is there once, with the metadata of the first that has it, so that the
    /// layer depends on its own packages alone.
    /// </summary>
    /// <param name="found">The entries; of packages in name order, with what is added to them, such as compiled bytecode, behind.</param>
    internal static List<LayerEntry> Merge(IEnumerable<TarEntry> found)
    {
        var byPath = new Dictionary<string, TarEntry>(StringComparer.Ordinal);
        foreach (var entry in found)
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

        root.SetAttributes("", FileModes.Directory, 0, 0, 0);
    }

    private static void AddMissingParents(Dictionary<string, TarEntry> byPath)
    {
        foreach (var path in byPath.Keys.ToArray())
        {
            for (var parent = ArchivePath.Parent(path); parent.Length > 0; parent = ArchivePath.Parent(parent))
            {
                if (
                    !byPath.TryAdd(
                        parent,
                        new TarEntry
                        {
                            Name = parent,
                            Kind = TarKind.Directory,
                            Mode = FileModes.Directory,
                        }
                    )
                )
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
            result.AddRange(
                names
                    .Skip(1)
                    .Select(name => new LayerEntry(
                        original with
                        {
                            Name = name,
                            Kind = TarKind.HardLink,
                            LinkTarget = names[0],
                            Size = 0,
                            Xattrs = [],
                        },
                        null
                    ))
            );
            foreach (var name in names)
            {
                byPath.Remove(name);
            }
        }

        result.AddRange(byPath.Values.Select(entry => new LayerEntry(entry, entry.Kind == TarKind.File ? entry.Name : null)));
        return result;
    }
}
