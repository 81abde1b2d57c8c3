using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// Writes into the upper directory of an overlay that is not mounted. Directories made on the way look like those of the layers below,
/// since overlayfs shows the metadata of the top one.
/// </summary>
internal sealed class UpperDirectory : IDisposable
{
    private readonly IReadOnlyList<string> _lower;
    private readonly RootDirectory _root;
    private readonly ConfinedDirectory _confined;
    private readonly IReadOnlyList<ConfinedDirectory> _below;
    private readonly OverlayView _view;
    private readonly HashSet<string> _made = new(StringComparer.Ordinal);

    /// <param name="path">The upper directory, which exists.</param>
    /// <param name="lower">Layers below, top first.</param>
    public UpperDirectory(string path, IReadOnlyList<string> lower)
    {
        _lower = lower;
        _root = RootDirectory.Open(path);
        _confined = ConfinedDirectory.Open(path);
        _below = [.. lower.Select(layer => ConfinedDirectory.Open(layer))];
        _view = new OverlayView(lower.Prepend(path));
    }

    /// <summary>Where the upper directory is.</summary>
    public string Path => _root.Path;

    /// <summary>Layers below, top first.</summary>
    public IReadOnlyList<string> Lower => _lower;

    /// <summary>What the container sees at a path, a link in its last part not followed; null when there is nothing.</summary>
    public FileFacts? Status(string path) => _view.Status(path);

    /// <summary>
    /// An absolute path of a directory of the container without links, as the container follows them; from the first name on that does not
    /// exist, as written. Null where something on the way is not a directory.
    /// </summary>
    public string? RealDirectory(string path) => _view.RealDirectory(path);

    /// <summary>True when the layers below have a file with a set-id bit at a path.</summary>
    public bool HadSetIds(string path) => Below(path) is { IsRegular: true } below && (below.Permissions & FileModes.SetIds) != 0;

    /// <summary>Text of a file of the container, links followed as it follows them; empty when there is none.</summary>
    public string ReadText(string path) => _view.ReadText(path);

    /// <summary>Names in a directory of this layer; none where it has something else, such as a link, in its place.</summary>
    public IReadOnlyList<string> Names(string path) =>
        _root.TryStat(path, out var stat) && stat.Type == FileKind.Directory ? _confined.List(path) : [];

    /// <summary>Writes a file, replacing what is there.</summary>
    public void Write(
        string path,
        ReadOnlySpan<byte> content,
        int mode = FileModes.Readable,
        uint user = 0,
        uint group = 0,
        long modifiedAt = 0
    ) => Write(path, new MemoryStream(content.ToArray()).Read, mode, user, group, modifiedAt);

    /// <summary>Writes a file of any size, replacing what is there.</summary>
    public void Write(string path, ContentReader content, int mode, uint user, uint group, long modifiedAt)
    {
        try
        {
            MakeParents(path);
            _root.Remove(path);
            _root.MakeFile(path, mode, user, group, modifiedAt, content);
        }
        catch (UnsafePathException link)
        {
            throw new TorchyardException(
                PlatformCodes.LinkOut,
                $"a package's script left a link in the place of a directory: {link.RelativePath} is not written through it",
                "leave the package out; report it to who made it, since no package of Debian does that",
                link
            );
        }
    }

    /// <summary>Writes UTF-8 text, replacing what is there.</summary>
    public void WriteText(string path, string text) => Write(path, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Puts a file, link or device that lies elsewhere on the same file system, as a further name of it, in place of what is there.
    /// </summary>
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
        _root.MakeNode(path, FileKind.Character, 0, 0, 0, 0, 0, 0);
    }

    /// <summary>Makes a symbolic link if nothing is there.</summary>
    public void Link(string path, string target, uint user = 0, uint group = 0)
    {
        MakeParents(path);
        _root.MakeSymlink(path, target, user, group, 0);
    }

    /// <summary>Makes a directory with these properties; one that the container has already keeps its own.</summary>
    public void MakeDirectory(string path, int mode, uint user, uint group)
    {
        MakeParents(path);
        if (Status(path) is null)
        {
            _root.MakeDirectory(path);
            _root.SetAttributes(path, mode, user, group, 0);
        }
    }

    /// <summary>
    /// Takes back what was done to a path in this layer, directories with all that is in them; the layers below show again.
    /// </summary>
    public void Forget(string path)
    {
        // Where a part of the path is a link there is nothing of this path in this layer.
        _root.RemoveTree(path);
    }

    /// <summary>Takes back every change to the given files: removed or changed, the layers below show again. Directories stay.</summary>
    public void Restore(IReadOnlySet<string> files) => Restore("", files);

    /// <summary>
    /// Removes the bytecode that interpreters left beside the modules they loaded (Debian's scripts run them with -E, which ignores
    /// PYTHONDONTWRITEBYTECODE): whether they write it depends on what the layers below already have.
    /// </summary>
    public void RemoveBytecode()
    {
        RemoveBytecode("");
        RemoveUnchangedDirectories("");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _view.Dispose();
        _root.Dispose();
        _confined.Dispose();
        foreach (var layer in _below)
        {
            layer.Dispose();
        }
    }

    private void Restore(string directory, IReadOnlySet<string> files)
    {
        foreach (var (path, facts) in Entries(directory))
        {
            if (facts.IsDirectory)
            {
                Restore(path, files);
            }
            else if (files.Contains(path))
            {
                _confined.Delete(path);
            }
        }
    }

    private void RemoveBytecode(string directory)
    {
        var isCache = ArchivePath.Name(directory) == "__pycache__";
        foreach (var (path, facts) in Entries(directory))
        {
            if (facts.IsDirectory)
            {
                RemoveBytecode(path);
            }
            else if (isCache && path.EndsWith(".pyc", StringComparison.Ordinal))
            {
                _confined.Delete(path);
            }
        }
    }

    /// <summary>Removes directories that hold no change: empty, and as they are below or of bytecode alone.</summary>
    private void RemoveUnchangedDirectories(string directory)
    {
        foreach (var (path, facts) in Entries(directory))
        {
            if (!facts.IsDirectory)
            {
                continue;
            }

            RemoveUnchangedDirectories(path);
            if (_confined.List(path).Count == 0 && (ArchivePath.Name(path) == "__pycache__" || IsAsBelow(path, facts)))
            {
                _confined.Delete(path);
            }
        }
    }

    /// <summary>What is in a directory of this layer, links as what they are.</summary>
    private IEnumerable<(string Path, FileFacts Facts)> Entries(string directory)
    {
        foreach (var name in _confined.List(directory))
        {
            var path = directory.Length == 0 ? name : $"{directory}/{name}";
            if (_confined.Status(path) is { } facts)
            {
                yield return (path, facts);
            }
        }
    }

    private bool IsAsBelow(string path, FileFacts facts) =>
        !_confined.IsOpaque(path)
        && Below(path) is { IsDirectory: true } below
        && below.Mode == facts.Mode
        && below.User == facts.User
        && below.Group == facts.Group;

    /// <summary>What the topmost layer below that has something at a path has there, no link on the way followed.</summary>
    private FileFacts? Below(string path)
    {
        foreach (var layer in _below)
        {
            using var parent = layer.TryOpenPlace(ArchivePath.Parent(path), out _);
            if (parent is not null && layer.Status(path) is { } facts)
            {
                return facts;
            }
        }

        return null;
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
        if (Below(parent) is { IsDirectory: true } below)
        {
            _root.SetAttributes(parent, (int)below.Permissions, below.User, below.Group, below.ModifiedAt);
        }
    }
}
