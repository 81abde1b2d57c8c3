using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Copying;

/// <summary>
/// Where a copy is taken from or goes to: the directory that a name is in, opened, and what has that name now. From there on no link is
/// followed.
/// </summary>
internal sealed class CopyPlace : IDisposable
{
    private Func<FileStream?>? _followed;

    private CopyPlace(string shown, string name) => (Shown, Name) = (shown, name);

    /// <summary>The path, for messages.</summary>
    public string Shown { get; }

    /// <summary>Last part of the path; empty where it has none that is a name.</summary>
    public string Name { get; }

    /// <summary>The directory in which the name is; null where the path has no name.</summary>
    public ConfinedDirectory? Parent { get; private init; }

    /// <summary>What is there; null for nothing.</summary>
    public FileFacts? Facts { get; private set; }

    /// <summary>The directory that is there; null for anything else.</summary>
    public ConfinedDirectory? Directory { get; private set; }

    /// <summary>A place in a container; links on the way are followed as its programs follow them.</summary>
    /// <param name="root">The container's root, in which links are followed.</param>
    /// <param name="path">The path inside.</param>
    /// <param name="follow">Follow a link that is the last part.</param>
    /// <param name="shown">The path, for messages.</param>
    public static CopyPlace Inside(ConfinedDirectory root, string path, bool follow, string shown)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is [] or [.., "." or ".."])
        {
            var whole = DirectoryIn(root, path, shown) ?? throw CopyErrors.NotThere(shown);
            return new CopyPlace(shown, "") { Directory = whole, Facts = whole.Status("") };
        }

        var above = string.Join('/', parts[..^1]);
        var parent = DirectoryIn(root, above, shown) ?? throw CopyErrors.NotThere($"directory of {shown}");
        var place = new CopyPlace(shown, parts[^1]) { Parent = parent, Facts = parent.Status(parts[^1]) };
        if (place.Facts is { IsLink: true } && follow)
        {
            place.Follow(root, path);
        }
        else if (place.Facts is { IsDirectory: true })
        {
            place.Directory = parent.TryOpenDirectory(place.Name);
        }

        return place;
    }

    /// <summary>A place on the machine.</summary>
    /// <param name="path">Absolute path without links but for its last part.</param>
    public static CopyPlace Outside(string path)
    {
        if (path == "/")
        {
            var root = Open(path);
            return new CopyPlace(path, "") { Directory = root, Facts = root.Status("") };
        }

        var parent = Open(Path.GetDirectoryName(path)!);
        var name = Path.GetFileName(path);
        var place = new CopyPlace(path, name) { Parent = parent, Facts = parent.Status(name) };
        place.Directory = place.Facts is { IsDirectory: true } ? parent.TryOpenDirectory(name) : null;
        return place;
    }

    /// <summary>Opens the regular file that is there.</summary>
    public FileStream OpenRead() => (_followed is null ? Parent!.OpenRead(Name) : _followed()) ?? throw CopyErrors.NotThere(Shown);

    /// <inheritdoc />
    public void Dispose()
    {
        Directory?.Dispose();
        Parent?.Dispose();
    }

    private void Follow(ConfinedDirectory root, string path)
    {
        Directory = DirectoryIn(root, path, Shown);
        if (Directory is not null)
        {
            Facts = Directory.Status("");
            return;
        }

        using var file = root.OpenRead(path);
        if (file is null)
        {
            return; // It leads nowhere: what is there is the link.
        }

        Facts = FileFacts.Of(file.SafeFileHandle, Shown);
        _followed = () => root.OpenRead(path);
    }

    /// <summary>A directory in a container, from which on no link is followed; null when there is none.</summary>
    private static ConfinedDirectory? DirectoryIn(ConfinedDirectory root, string path, string shown)
    {
        var opened = root.TryOpenPlace(path, Links.InsideRoot, out var error);
        if (opened is null)
        {
            return error is Errno.NoEntry or Errno.NotDirectory ? null : throw CannotOpen(shown, error);
        }

        if (StatusCalls.Read(opened) is { IsDirectory: true })
        {
            return ConfinedDirectory.Of(opened, shown);
        }

        opened.Dispose();
        return null;
    }

    private static TorchyardException CannotOpen(string path, int error) =>
        new("TY4130", $"{path} cannot be opened: {Errno.Text(error)}", "check the path, and who may enter it");

    private static ConfinedDirectory Open(string directory)
    {
        var opened = ConfinedDirectory.TryOpenReal(directory, out var error);
        if (opened is null)
        {
            throw error is Errno.NoEntry or Errno.NotDirectory
                ? CopyErrors.NotThere($"directory {directory}")
                : CannotOpen(directory, error);
        }

        return ConfinedDirectory.Of(opened, directory);
    }
}
