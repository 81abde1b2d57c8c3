using Torchyard.Images.Tar;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Capture.Plan;

/// <summary>
/// Puts entries into layers: each path once, parents included, sorted. A directory looks the same in every layer, since overlayfs shows
/// that of the top one.
/// </summary>
internal sealed class LayerAssembly
{
    private readonly Dictionary<string, CaptureEntry> _directories = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly List<(string Title, List<CaptureEntry> Entries)> _layers = [];

    /// <summary>Every path of a file or link so far, without a leading slash.</summary>
    public IReadOnlySet<string> Paths => _taken;

    /// <summary>Says how a directory looks, unless that was said before.</summary>
    public void Describe(CaptureEntry directory) => _directories.TryAdd(directory.Entry.Name, directory);

    /// <summary>Says how a directory looks, whatever was said before.</summary>
    public void Redescribe(CaptureEntry directory) => _directories[directory.Entry.Name] = directory;

    /// <summary>Adds a layer on top. What a layer below has is not taken again; an empty layer is none.</summary>
    public void Add(string title, IEnumerable<CaptureEntry> entries)
    {
        var own = new List<CaptureEntry>();
        foreach (var entry in entries)
        {
            if (entry.Entry.Kind == TarKind.Directory)
            {
                Describe(entry);
                own.Add(entry);
            }
            else if (_taken.Add(entry.Entry.Name))
            {
                own.Add(entry);
            }
        }

        if (
            own.Exists(entry =>
                entry.Entry.Kind != TarKind.Directory
                || !_layers.Exists(layer => layer.Entries.Exists(other => other.Entry.Name == entry.Entry.Name))
            )
        )
        {
            _layers.Add((title, own));
        }
    }

    /// <summary>The layers, bottom first.</summary>
    public IReadOnlyList<PlannedLayer> Build() => [.. _layers.Select(layer => new PlannedLayer(layer.Title, Complete(layer.Entries)))];

    private List<CaptureEntry> Complete(List<CaptureEntry> entries)
    {
        var directories = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<CaptureEntry>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.Entry.Kind == TarKind.Directory)
            {
                directories.Add(entry.Entry.Name);
            }
            else
            {
                result.Add(entry);
            }

            for (
                var parent = ArchivePath.Parent(entry.Entry.Name);
                parent.Length > 0 && directories.Add(parent);
                parent = ArchivePath.Parent(parent)
            )
            {
                // Up to the root, or to a directory that is there already.
            }
        }

        result.AddRange(
            directories
                .Where(path => !_taken.Contains(path))
                .Select(path => _directories.GetValueOrDefault(path) ?? CaptureEntry.Directory(path))
        );
        result.Sort((one, other) => string.CompareOrdinal(one.Entry.Name, other.Entry.Name));
        return LinkTogether(result);
    }

    /// <summary>Names of one file in one layer become hard links, as packages ship them.</summary>
    private static List<CaptureEntry> LinkTogether(List<CaptureEntry> entries)
    {
        var first = new Dictionary<(uint, uint, ulong), string>();
        for (var index = 0; index < entries.Count; index++)
        {
            var entry = entries[index];
            if (!entry.HasOtherNames || entry.Entry.Size == 0)
            {
                continue;
            }

            var inode = (entry.Stamp.Major, entry.Stamp.Minor, entry.Stamp.Inode);
            if (!first.TryAdd(inode, entry.Entry.Name))
            {
                entries[index] = new CaptureEntry(
                    entry.Entry with
                    {
                        Kind = TarKind.HardLink,
                        LinkTarget = first[inode],
                        Size = 0,
                        Xattrs = [],
                    }
                );
            }
        }

        return entries;
    }
}
