using Torchyard.Images.Capture.Host;
using Torchyard.Images.Tar;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>Makes layer entries of what is on the machine.</summary>
/// <param name="tree">The machine.</param>
internal sealed class EntryFactory(HostTree tree)
{
    private const uint FirstUser = 1000;

    /// <summary>Newest modification time of the files so far, seconds since 1970.</summary>
    public long Newest { get; private set; }

    /// <summary>A file or link of the environment: its own user's, with the modes that pip gives, whatever the umask was.</summary>
    /// <param name="entry">The file or link.</param>
    /// <param name="path">Path inside the image without a leading slash.</param>
    /// <param name="owner">User and group.</param>
    public CaptureEntry? OfEnvironment(ScannedEntry entry, string path, uint owner) =>
        entry switch
        {
            { IsLink: true } => CaptureEntry.Link(path, entry.LinkTarget, owner, owner),
            { IsFile: true } => File(
                entry.Path,
                path,
                entry.Stat,
                entry.IsExecutable ? FileModes.Executable : FileModes.Readable,
                owner,
                owner
            ),
            _ => null,
        };

    /// <summary>
    /// Anything of a package: owner and mode as they are, ids of people become root's. Null for what is not there, with an empty reason, or
    /// what must not be taken.
    /// </summary>
    public (CaptureEntry? Entry, string Reason) OfPackage(string path)
    {
        if (!tree.TryStat(path, out var stat))
        {
            return (null, "");
        }

        var name = path[1..];
        var (user, group) = (SystemId(stat.User), SystemId(stat.Group));
        switch (stat.Type)
        {
            case FileKind.Directory:
                return (CaptureEntry.Directory(name, stat.Mode & FileModes.Mask, user, group), "");
            case FileKind.Link:
                return (CaptureEntry.Link(name, tree.ReadLink(path), user, group), "");
            case FileKind.Regular when (stat.Mode & FileModes.OthersRead) == 0:
                return (null, "not everybody on this machine may read it");
            case FileKind.Regular:
                return (File(path, name, stat, stat.Mode & FileModes.Mask, user, group), "");
            default:
                return (null, "a device node or socket belongs to its machine");
        }
    }

    /// <summary>A file or link outside packages and environment, root's in the image.</summary>
    public (CaptureEntry? Entry, string Reason) Loose(string path)
    {
        if (!tree.TryStat(path, out var stat))
        {
            return (null, "");
        }

        return stat.Type switch
        {
            FileKind.Link => (CaptureEntry.Link(path[1..], tree.ReadLink(path)), ""),
            FileKind.Regular when (stat.Mode & FileModes.OthersRead) == 0 => (null, "not everybody on this machine may read it"),
            FileKind.Regular => (
                File(path, path[1..], stat, (stat.Mode & FileModes.AnyExecute) != 0 ? FileModes.Executable : FileModes.Readable, 0, 0),
                ""
            ),
            FileKind.Directory => (null, ""),
            _ => (null, "a device node or socket belongs to its machine"),
        };
    }

    /// <summary>Extended attributes of a file that mean something elsewhere: file capabilities.</summary>
    private IReadOnlyList<KeyValuePair<string, byte[]>> Attributes(string path, int mode) =>
        (mode & FileModes.AnyExecute) != 0 && XattrCalls.Value(tree.Place(path), "security.capability") is { } value
            ? [new("security.capability", value)]
            : [];

    private CaptureEntry File(string source, string path, in FileStatus stat, int mode, uint user, uint group)
    {
        Newest = Math.Max(Newest, stat.Modified.Seconds);
        return new CaptureEntry(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.File,
                // A set-id program of the environment would be one of whoever may write to it.
                Mode = user >= FirstUser ? mode & ~FileModes.SetIds : mode,
                User = user,
                Group = group,
                Size = (long)stat.Size,
                ModifiedAt = CapturePlan.ModifiedAt,
                Xattrs = user >= FirstUser ? [] : Attributes(source, mode),
            }
        )
        {
            Source = tree.Place(source),
            Stamp = FileStamp.Of(stat),
            HasOtherNames = stat.Links > 1,
        };
    }

    private static uint SystemId(uint id) => id < FirstUser ? id : 0;
}
