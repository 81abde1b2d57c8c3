using Torchyard.Gpus.Machine;

namespace Torchyard.Gpus.Injection;

/// <summary>
/// The files of an image, read from its layers without mounting them. Layers are untrusted: every link is followed inside the image
/// only, whatever it points to, and what a whiteout covers is gone (overlayfs, "whiteouts and opaque directories").
/// </summary>
public sealed class ImageRoot
{
    private const int MaxLinks = 40;
    private readonly IReadOnlyList<string> _layers;

    /// <summary>Looks at an image.</summary>
    /// <param name="layers">Its layers as directories in overlay form, the topmost first; one directory for an unpacked image.</param>
    public ImageRoot(IReadOnlyList<string> layers) => _layers = [.. layers.Select(l => Path.TrimEndingDirectorySeparator(Path.GetFullPath(l)))];

    /// <summary>The file on this machine that holds a path of the image; null when the image has no such regular file.</summary>
    public string? File(string path) => Resolve(path) is { } inside && Top(inside) is { } real && System.IO.File.Exists(real) && Kind(real) == EntryKind.File ? real : null;

    /// <summary>The path inside the image after following every link; null when it does not exist.</summary>
    public string? Resolve(string path)
    {
        var pending = new Stack<string>();
        Push(pending, path);
        var current = "";
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name is "" or ".")
                continue;
            if (name == "..")
            {
                current = current[..Math.Max(0, current.LastIndexOf('/'))];
                continue;
            }

            var next = $"{current}/{name}";
            if (Top(next) is not { } real)
                return null;
            if (new FileInfo(real).LinkTarget is not { } target)
            {
                current = next;
                continue;
            }

            if (++links > MaxLinks)
                return null;
            if (target.StartsWith('/'))
                current = "";
            Push(pending, target);
        }

        return current.Length == 0 ? "/" : current;
    }

    /// <summary>Names in a directory of the image, in ordinal order; none when it does not exist.</summary>
    public IReadOnlyList<string> List(string directory)
    {
        if (Resolve(directory) is not { } inside)
            return [];
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var layer in Layers(inside).Where(Directory.Exists))
        {
            foreach (var entry in Directory.EnumerateFileSystemEntries(layer).Select(Path.GetFileName).OfType<string>())
            {
                if (!names.Contains(entry) && Top($"{(inside == "/" ? "" : inside)}/{entry}") is not null)
                    names.Add(entry);
            }
        }

        return [.. names];
    }

    /// <summary>The entry of the topmost layer, unless that is a whiteout; its parent must be a directory that is visible from there.</summary>
    private string? Top(string inside)
    {
        foreach (var real in Layers(inside))
        {
            switch (Kind(real))
            {
                case EntryKind.Whiteout:
                    return null;
                case not EntryKind.Absent:
                    return real;
            }
        }

        return null;
    }

    /// <summary>Where a path would be in each layer that is not cut off by a layer above it.</summary>
    private IEnumerable<string> Layers(string inside)
    {
        var parents = inside.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (var layer in _layers)
        {
            yield return inside == "/" ? layer : layer + inside;
            var at = layer;
            foreach (var parent in parents[..Math.Max(0, parents.Length - 1)])
            {
                at += "/" + parent;
                // A file, link or whiteout here hides the directories of the layers below.
                if (Kind(at) is not (EntryKind.Directory or EntryKind.Absent))
                    yield break;
            }
        }
    }

    private static EntryKind Kind(string real)
    {
        var info = new FileInfo(real);
        if (info.LinkTarget is not null)
            return EntryKind.Link;
        if (Directory.Exists(real))
            return EntryKind.Directory;
        if (!System.IO.File.Exists(real) || StatX.Read(real) is not { } stat)
            return EntryKind.Absent;
        return (stat.Mode & 0xF000) switch
        {
            0x2000 when stat.DeviceMajor == 0 && stat.DeviceMinor == 0 => EntryKind.Whiteout,
            0x8000 => EntryKind.File,
            _ => EntryKind.Other,
        };
    }

    private static void Push(Stack<string> pending, string path)
    {
        var parts = path.Split('/');
        for (var i = parts.Length - 1; i >= 0; i--)
            pending.Push(parts[i]);
    }

    private enum EntryKind
    {
        Absent,
        File,
        Directory,
        Link,
        Whiteout,
        Other,
    }
}
