using Torchyard.Images.Files;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Configure;

/// <summary>
/// Writes into the upper directory of an overlay that is not mounted. Directories made on the way look like those of the layers below, since
/// overlayfs shows the metadata of the top one.
/// </summary>
internal sealed class UpperDirectory : IDisposable
{
    private readonly IReadOnlyList<string> _lower;
    private readonly RootDirectory _root;
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);

    /// <param name="path">The upper directory, which exists.</param>
    /// <param name="lower">Layers below, top first.</param>
    public UpperDirectory(string path, IReadOnlyList<string> lower)
    {
        _lower = lower;
        _root = RootDirectory.Open(path);
    }

    /// <summary>Where the upper directory is.</summary>
    public string Path => _root.Path;

    /// <summary>Layers below, top first.</summary>
    public IReadOnlyList<string> Lower => _lower;

    /// <summary>Path on this machine of what the container sees at a path; null when there is nothing.</summary>
    public string? Find(string path)
    {
        foreach (var layer in _lower.Prepend(_root.Path))
        {
            var place = $"{layer}/{path}";
            if (Posix.TryStat(Posix.CurrentDirectory, place, out var stat))
            {
                // A whiteout hides what is below.
                return stat.Type == Posix.TypeCharacter && stat.DeviceMajor == 0 && stat.DeviceMinor == 0 ? null : place;
            }
        }

        return null;
    }

    /// <summary>Text of a file of the container; empty when there is none.</summary>
    public string ReadText(string path) => Find(path) is { } place ? File.ReadAllText(place) : "";

    /// <summary>Writes a file, replacing what is there.</summary>
    public void Write(string path, ReadOnlySpan<byte> content, int mode = 0x1A4, uint user = 0, uint group = 0, long modifiedAt = 0)
    {
        MakeParents(path);
        _root.Remove(path);
        var source = new MemoryStream(content.ToArray());
        _root.MakeFile(path, mode, user, group, modifiedAt, source.Read);
    }

    /// <summary>Writes UTF-8 text; see <see cref="Write"/>.</summary>
    public void WriteText(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Puts a file, link or device that lies elsewhere on the same file system, as a further name of it, in place of what is there.</summary>
    public void Place(string path, RootDirectory from, string name)
    {
        RemoveTree(path);
        MakeParents(path);
        _root.MakeHardLink(path, name, from);
    }

    /// <summary>Puts a directory in place of something that is none.</summary>
    public void PlaceDirectory(TarEntry entry)
    {
        RemoveTree(entry.Name);
        MakeParents(entry.Name);
        _root.MakeDirectory(entry.Name);
        _root.SetAttributes(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt);
        foreach (var (name, value) in entry.Xattrs)
        {
            _root.SetXattr(entry.Name, name, value);
        }
    }

    /// <summary>Takes away what this layer has at a path; what the layers below have shows again.</summary>
    public void RemoveTree(string path)
    {
        _root.RemoveTree(path);
        _made.RemoveWhere(made => made == path || made.StartsWith(path + "/", StringComparison.Ordinal));
    }

    /// <summary>Makes a path disappear, whatever the layers below have there.</summary>
    public void Hide(string path)
    {
        RemoveTree(path);
        MakeParents(path);
        // A whiteout: character device 0:0 (kernel, filesystems/overlayfs.rst).
        _root.MakeNode(path, Posix.TypeCharacter, 0, 0, 0, 0, 0, 0);
    }

    /// <summary>Makes a symbolic link if nothing is there.</summary>
    public void Link(string path, string target)
    {
        MakeParents(path);
        _root.MakeSymlink(path, target, 0, 0, 0);
    }

    /// <summary>Makes a directory with these properties; one that the container has already keeps its own.</summary>
    public void MakeDirectory(string path, int mode, uint user, uint group)
    {
        MakeParents(path);
        if (Find(path) is null)
        {
            _root.MakeDirectory(path);
            _root.SetAttributes(path, mode, user, group, 0);
        }
    }

    /// <summary>Takes back what was done to a path in this layer, directories with all that is in them; the layers below show again.</summary>
    public void Forget(string path)
    {
        var place = $"{_root.Path}/{path}";
        if (!Posix.TryStat(Posix.CurrentDirectory, place, out var stat))
        {
            return;
        }

        if (stat.Type == Posix.TypeDirectory)
        {
            Directory.Delete(place, recursive: true);
        }
        else
        {
            File.Delete(place);
        }
    }

    /// <summary>Takes back every change to the given files: removed or changed, the layers below show again. Directories stay.</summary>
    public void Restore(IReadOnlySet<string> files) => Restore("", files);

    /// <summary>
    /// Removes the bytecode that interpreters left beside the modules they loaded (Debian's scripts run them with -E, which ignores
    /// PYTHONDONTWRITEBYTECODE): whether they write it depends on what the layers below already have.
    /// </summary>
    public void RemoveBytecode()
    {
        foreach (var cache in Directory.GetDirectories(_root.Path, "__pycache__", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }))
        {
            foreach (var file in Directory.GetFiles(cache, "*.pyc"))
            {
                File.Delete(file);
            }
        }

        RemoveUnchangedDirectories("");
    }

    /// <inheritdoc />
    public void Dispose() => _root.Dispose();

    private void Restore(string directory, IReadOnlySet<string> files)
    {
        var place = directory.Length == 0 ? _root.Path : $"{_root.Path}/{directory}";
        foreach (var entry in Directory.GetFileSystemEntries(place))
        {
            var path = directory.Length == 0 ? ArchivePath.Name(entry) : $"{directory}/{ArchivePath.Name(entry)}";
            if (!Posix.TryStat(Posix.CurrentDirectory, entry, out var stat))
            {
                continue;
            }

            if (stat.Type == Posix.TypeDirectory)
            {
                Restore(path, files);
            }
            else if (files.Contains(path))
            {
                File.Delete(entry);
            }
        }
    }

    /// <summary>Removes directories that hold no change: empty, and as they are below or of bytecode alone.</summary>
    private void RemoveUnchangedDirectories(string directory)
    {
        var place = directory.Length == 0 ? _root.Path : $"{_root.Path}/{directory}";
        foreach (var entry in Directory.GetFileSystemEntries(place))
        {
            if (!Posix.TryStat(Posix.CurrentDirectory, entry, out var stat) || stat.Type != Posix.TypeDirectory)
            {
                continue;
            }

            var path = directory.Length == 0 ? ArchivePath.Name(entry) : $"{directory}/{ArchivePath.Name(entry)}";
            RemoveUnchangedDirectories(path);
            if (Directory.GetFileSystemEntries(entry).Length == 0 && (ArchivePath.Name(path) == "__pycache__" || IsAsBelow(path, entry, stat)))
            {
                Directory.Delete(entry);
            }
        }
    }

    private bool IsAsBelow(string path, string place, Posix.StatxResult stat)
    {
        if (Posix.ListXattrs(place).Any(name => name.EndsWith("overlay.opaque", StringComparison.Ordinal)))
        {
            return false;
        }

        foreach (var layer in _lower)
        {
            if (Posix.TryStat(Posix.CurrentDirectory, $"{layer}/{path}", out var below))
            {
                return below.Type == Posix.TypeDirectory && below.Mode == stat.Mode && below.User == stat.User && below.Group == stat.Group;
            }
        }

        return false;
    }

    private void MakeParents(string path)
    {
        var parent = ArchivePath.Parent(path);
        if (parent.Length == 0 || !_made.Add(parent))
        {
            return;
        }

        MakeParents(parent);
        if (_root.TryStat(parent, out _))
        {
            return;
        }

        _root.MakeDirectory(parent);
        foreach (var layer in _lower)
        {
            if (Posix.TryStat(Posix.CurrentDirectory, $"{layer}/{parent}", out var below) && below.Type == Posix.TypeDirectory)
            {
                _root.SetAttributes(parent, below.Mode & 0xFFF, below.User, below.Group, below.Modified.Seconds);
                return;
            }
        }
    }
}
