using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>What happens to symbolic links below a <see cref="ConfinedDirectory"/>.</summary>
public enum Links
{
    /// <summary>A path that leads through one is refused.</summary>
    Refused,

    /// <summary>They are followed inside the directory, absolute ones from it on: as a container sees them.</summary>
    InsideRoot,
}

/// <summary>
/// A directory in which programs have worked that are not trusted: an image's files, what a container was given to write, a cloned project.
/// It is opened once, and everything below it is reached from that descriptor by openat2(2), so that no link and no <c>..</c> leads out,
/// even while such a program exchanges them. Only regular files are read, without waiting for anybody, and only so much of them.
/// </summary>
public sealed class ConfinedDirectory : IDisposable
{
    private const int Attempts = 64;

    private readonly SafeFileHandle _root;
    private readonly Links _links;
    private readonly string _shown;

    private ConfinedDirectory(SafeFileHandle root, Links links, string shown) => (_root, _links, _shown) = (root, links, shown);

    /// <summary>Opens a directory that is there.</summary>
    /// <param name="path">Absolute path, whose last part is not a link.</param>
    /// <param name="links">What happens to links below it.</param>
    /// <exception cref="DirectoryNotFoundException">It is not there, or no directory.</exception>
    public static ConfinedDirectory Open(string path, Links links = Links.Refused) =>
        TryOpen(path, links) ?? throw new DirectoryNotFoundException($"{path} is not a directory");

    /// <summary>Opens a directory; null when nothing of that kind is there.</summary>
    /// <param name="path">Absolute path, whose last part is not a link.</param>
    /// <param name="links">What happens to links below it.</param>
    public static ConfinedDirectory? TryOpen(string path, Links links = Links.Refused) => TryOpen(path, links, OpenFlags.NoFollow);

    /// <summary>The files that a running process sees; null when it has ended, or may not be looked at.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="links">What happens to links below it.</param>
    public static ConfinedDirectory? OfProcess(int processId, Links links = Links.Refused)
    {
        try
        {
            return TryOpen(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/{processId}/root"), links, flags: 0);
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A directory below this one, as a root of its own; null when there is none.</summary>
    public ConfinedDirectory? TryOpenDirectory(string path)
    {
        var opened = Resolve(path, OpenFlags.PathOnly | OpenFlags.Directory);
        return opened is null ? null : new ConfinedDirectory(opened, _links, Shown(path));
    }

    /// <summary>
    /// A descriptor (O_PATH) of a directory below this one, for system calls that take one; null when there is none, or the way is not
    /// allowed.
    /// </summary>
    /// <param name="path">The directory; empty for this one.</param>
    /// <param name="error">The kernel's reason, errno(3), when there is none.</param>
    public SafeFileHandle? TryOpenPlace(string path, out int error) =>
        TryResolve(path, OpenFlags.PathOnly | OpenFlags.Directory, out error);

    /// <summary>A descriptor (O_PATH) of whatever a path leads to; see <see cref="TryOpenPlace(string, out int)"/>.</summary>
    /// <param name="path">The path; empty for this directory.</param>
    /// <param name="links">What happens to links for this once.</param>
    /// <param name="error">The kernel's reason, errno(3), when there is none.</param>
    internal SafeFileHandle? TryOpenPlace(string path, Links links, out int error) =>
        TryResolve(_root, path.TrimStart('/'), OpenFlags.PathOnly, RuleOf(links), out error);

    /// <summary>
    /// A descriptor (O_PATH) of whatever is at an absolute path without links in it: what was looked up once, by
    /// <see cref="RealPath"/> or a judgement of its own, and must not lead elsewhere by now.
    /// </summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="error">The kernel's reason, errno(3), when there is none; ELOOP for a link.</param>
    internal static SafeFileHandle? TryOpenReal(string path, out int error) =>
        TryResolve(null, path, OpenFlags.PathOnly, ResolveFlags.NoLinks, out error);

    /// <summary>A directory that was opened by <see cref="TryOpenReal"/> and is closed with the result.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="shown">Its path, for messages.</param>
    internal static ConfinedDirectory Of(SafeFileHandle directory, string shown) => new(directory, Links.Refused, shown);

    /// <summary>What is at a path, a link in its last part not followed; null when there is nothing.</summary>
    public FileFacts? Status(string path)
    {
        using var place = Resolve(path, OpenFlags.PathOnly | OpenFlags.NoFollow);
        return place is null ? null : FileFacts.Of(place, Shown(path));
    }

    /// <summary>Opens a regular file for reading; null when nothing is there.</summary>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file; TY9025: a link leads elsewhere.</exception>
    public FileStream? OpenRead(string path)
    {
        using var place = Resolve(path, OpenFlags.PathOnly);
        return place is null ? null : RegularFile.Reopen(place, Shown(path));
    }

    /// <summary>Content of a regular file; null when nothing is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">More bytes than any right file has.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file; TY9024: it is larger; TY9025: a link leads
    /// elsewhere.</exception>
    public byte[]? ReadBytes(string path, long limit)
    {
        using var stream = OpenRead(path);
        return stream is null ? null : RegularFile.ReadAll(stream, Shown(path), limit);
    }

    /// <summary>Content of a UTF-8 file; see <see cref="ReadBytes"/>.</summary>
    public string? ReadText(string path, long limit) => ReadBytes(path, limit) is { } content ? RegularFile.Text(content) : null;

    /// <summary>Target of a link; null when nothing or something else is there.</summary>
    public string? ReadLink(string path)
    {
        using var place = Resolve(path, OpenFlags.PathOnly | OpenFlags.NoFollow);
        return place is not null && FileFacts.Of(place, Shown(path)).IsLink ? StatusCalls.ReadLink(place) : null;
    }

    /// <summary>True for a directory that overlayfs shows without those of its name in lower layers.</summary>
    public bool IsOpaque(string path)
    {
        using var place = Resolve(path, OpenFlags.PathOnly | OpenFlags.Directory);
        return place is not null
            && (
                XattrCalls.Has(OpenCalls.PathOf(place), "trusted.overlay.opaque", (byte)'y')
                || XattrCalls.Has(OpenCalls.PathOf(place), "user.overlay.opaque", (byte)'y')
            );
    }

    /// <summary>Names in a directory; empty when there is none.</summary>
    public IReadOnlyList<string> List(string path = "")
    {
        using var place = Resolve(path, OpenFlags.Directory);
        return place is null ? [] : Names(place);
    }

    /// <summary>Writes a file in one step, in place of any file or link of that name; its directory has to be there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    /// <param name="mode">Its permission bits.</param>
    public void Write(string path, ReadOnlySpan<byte> content, uint mode = FileModes.Readable) =>
        Write(path, content, mode, owner: null, toDisk: false);

    /// <summary>
    /// The same for a file of somebody's: one that is there keeps its owner and its permission bits, whoever writes it, and the new content
    /// is on the disk before it takes the place of the old one.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its content.</param>
    /// <param name="mode">The permission bits of a new one.</param>
    public void Replace(string path, ReadOnlySpan<byte> content, uint mode = FileModes.Readable)
    {
        if (Status(path) is { IsRegular: true } there)
        {
            Write(path, content, there.Permissions & FileModes.Everything, there, toDisk: true);
        }
        else
        {
            Write(path, content, mode, owner: null, toDisk: true);
        }
    }

    /// <summary>
    /// Replaces a file of somebody's by what is written into a new one, however large: it keeps its owner, its permission bits and its time
    /// of modification, and is on the disk before it takes the place of the old one. Other names of the old file (hard links) keep it.
    /// </summary>
    /// <param name="path">A regular file.</param>
    /// <param name="write">Writes the new content; what it throws leaves the old file as it is.</param>
    /// <param name="model">Whose owner, bits and time a new file gets; null: the file has to be there.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file.</exception>
    public void Rewrite(string path, Action<SafeFileHandle> write, FileFacts? model = null)
    {
        ArgumentNullException.ThrowIfNull(write);
        var there = Status(path) ?? model ?? throw FileRefusal.Of(Shown(path), _shown, Errno.NoEntry);
        if (!there.IsRegular)
        {
            throw FileRefusal.NotRegular(Shown(path), there.Description);
        }

        Place(
            path,
            file =>
            {
                write(file);
                _ = TimeCalls.Set((int)file.DangerousGetHandle(), there.ModifiedAt);
            },
            there.Permissions & FileModes.Everything,
            there,
            toDisk: true
        );
    }

    private void Write(string path, ReadOnlySpan<byte> content, uint mode, FileFacts? owner, bool toDisk)
    {
        var bytes = content.ToArray();
        Place(path, file => RandomAccess.Write(file, bytes, 0), mode, owner, toDisk);
    }

    private void Place(string path, Action<SafeFileHandle> write, uint mode, FileFacts? owner, bool toDisk)
    {
        using var parent = Parent(path, out var name);
        var temporary = $".{name[..Math.Min(name.Length, 64)]}.{Guid.NewGuid():N}";
        using (
            var file = OpenCalls.OpenAt(
                parent,
                temporary,
                OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
                FileModes.Private
            )
        )
        {
            Check(file.IsInvalid ? -1 : 0, path);
            try
            {
                write(file);
                if (owner is { } kept && FileFacts.Of(file, Shown(path)) is var made && (made.User, made.Group) != (kept.User, kept.Group))
                {
                    // Only root may give a file away; whoever else may write here gets it, as with an editor.
                    _ = OwnerCalls.Set(file, "", kept.User, kept.Group, At.EmptyPath);
                }

                Check(ModeCalls.Set(file, mode), path);
                if (toDisk)
                {
                    RandomAccess.FlushToDisk(file);
                }

                Check(NameCalls.Rename(parent, temporary, parent, name), path);
            }
            catch
            {
                _ = NameCalls.Remove(parent, temporary, 0);
                throw;
            }
        }
    }

    /// <summary>Makes a new file and opens it for writing; its directory has to be there, and nothing of its name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Its permission bits, whatever the umask is.</param>
    public FileStream Create(string path, uint mode)
    {
        using var parent = Parent(path, out var name);
        var file = OpenCalls.OpenAt(
            parent,
            name,
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            FileModes.Private
        );
        Check(file.IsInvalid ? -1 : 0, path);
        Check(ModeCalls.Set(file, mode), path);
        return new FileStream(file, FileAccess.Write, bufferSize: 0);
    }

    /// <summary>Makes a directory unless one is there; its parent has to be.</summary>
    public void MakeDirectory(string path, uint mode)
    {
        using var parent = Parent(path, out var name);
        if (NameCalls.MakeDirectory(parent, name, mode) != 0)
        {
            var error = Errno.Last;
            var there = error == Errno.Exists ? Status(path) : null;
            if (there is not { IsDirectory: true })
            {
                throw there is { IsLink: true } ? FileRefusal.LeadsOut(Shown(path), _shown) : FileRefusal.Of(Shown(path), _shown, error);
            }
        }
    }

    /// <summary>Sets the permission bits of a file or directory, of no link.</summary>
    public void SetMode(string path, uint mode)
    {
        using var place = Resolve(path, OpenFlags.PathOnly | OpenFlags.NoFollow)
            ?? throw FileRefusal.Of(Shown(path), _shown, Errno.NoEntry);
        if (FileFacts.Of(place, Shown(path)).IsLink)
        {
            throw FileRefusal.LeadsOut(Shown(path), _shown);
        }

        Check(ModeCalls.SetOfPlace(OpenCalls.PathOf(place), mode), path);
    }

    /// <summary>Sets the owner of whatever is at a path; of a link its own.</summary>
    public void SetOwner(string path, uint user, uint group)
    {
        using var place = Resolve(path, OpenFlags.PathOnly | OpenFlags.NoFollow)
            ?? throw FileRefusal.Of(Shown(path), _shown, Errno.NoEntry);
        Check(OwnerCalls.Set(place, "", user, group, At.EmptyPath), path);
    }

    /// <summary>Removes a file, link or empty directory; false when nothing is there.</summary>
    public bool Delete(string path)
    {
        if (Status(path) is not { } facts)
        {
            return false;
        }

        using var parent = Parent(path, out var name);
        Check(NameCalls.Remove(parent, name, facts.IsDirectory ? At.RemoveDirectory : 0), path);
        return true;
    }

    /// <summary>
    /// Removes whatever is at a path, a directory with all that is in it; false when nothing is there. Links are removed, not followed.
    /// </summary>
    public bool DeleteTree(string path)
    {
        if (Status(path) is null)
        {
            return false;
        }

        using var parent = Parent(path, out var name);
        TreeRemoval.Remove(parent, name, Shown(path));
        return true;
    }

    /// <summary>Removes a directory and all that is in it; links are removed, not followed. Nothing happens when it is not there.</summary>
    /// <param name="path">Absolute path.</param>
    public static void Remove(string path)
    {
        using var parent = TryOpen(Path.GetDirectoryName(path)!, Links.Refused, flags: 0);
        parent?.DeleteTree(Path.GetFileName(path));
    }

    /// <summary>Removes all that is in this directory.</summary>
    public void Clear()
    {
        foreach (var name in List())
        {
            DeleteTree(name);
        }
    }

    /// <summary>Connects to a UNIX socket; null when nothing or something else is at the path.</summary>
    /// <exception cref="SocketException">Nobody listens.</exception>
    public async Task<Socket?> ConnectAsync(string path, CancellationToken cancellation)
    {
        using var place = Resolve(path, OpenFlags.PathOnly | OpenFlags.NoFollow);
        if (place is null || !FileFacts.Of(place, Shown(path)).IsSocket)
        {
            return null;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // The socket that was looked at, through its descriptor: a path could lead to another by now.
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(OpenCalls.PathOf(place)), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _root.Dispose();

    internal static IReadOnlyList<string> Names(SafeFileHandle directory) =>
        [.. Directory.EnumerateFileSystemEntries(OpenCalls.PathOf(directory)).Select(entry => Path.GetFileName(entry)!)];

    private static ConfinedDirectory? TryOpen(string path, Links links, int flags)
    {
        var opened = OpenCalls.Open(path, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.CloseOnExec | flags);
        if (!opened.IsInvalid)
        {
            return new ConfinedDirectory(opened, links, path);
        }

        var error = Errno.Last;
        opened.Dispose();
        return error is Errno.NoEntry or Errno.NotDirectory or Errno.TooManyLinks ? null : throw FileRefusal.Of(path, path, error);
    }

    /// <summary>The directory of a path's last part, which is a name and no link's target.</summary>
    private SafeFileHandle Parent(string path, out string name)
    {
        var trimmed = path.Trim('/');
        var slash = trimmed.LastIndexOf('/');
        name = trimmed[(slash + 1)..];
        if (name is "" or "." or "..")
        {
            throw FileRefusal.LeadsOut(Shown(path), _shown);
        }

        return Resolve(slash < 0 ? "" : trimmed[..slash], OpenFlags.PathOnly | OpenFlags.Directory)
            ?? throw FileRefusal.Of(Shown(path), _shown, Errno.NoEntry);
    }

    /// <summary>A descriptor of what is at a path; null when nothing is there.</summary>
    private SafeFileHandle? Resolve(string path, int flags) =>
        TryResolve(path, flags, out var error)
        ?? error switch
        {
            Errno.NoEntry or Errno.NotDirectory or Errno.NameTooLong => null,
            _ => throw FileRefusal.Of(Shown(path), _shown, error),
        };

    private SafeFileHandle? TryResolve(string path, int flags, out int error) =>
        TryResolve(_root, path.TrimStart('/'), flags, RuleOf(_links), out error);

    private static ResolveFlags RuleOf(Links links) =>
        (links == Links.Refused ? ResolveFlags.Beneath | ResolveFlags.NoLinks : ResolveFlags.InRoot) | ResolveFlags.NoMagicLinks;

    private static SafeFileHandle? TryResolve(SafeFileHandle? root, string path, int flags, ResolveFlags rule, out int error)
    {
        for (var attempt = 0; ; attempt++)
        {
            var opened = OpenCalls.OpenInside(root, path.Length == 0 ? "." : path, flags | OpenFlags.CloseOnExec, rule);
            if (!opened.IsInvalid)
            {
                error = 0;
                return opened;
            }

            error = Errno.Last;
            opened.Dispose();
            // Something on the way was renamed while the kernel looked (openat2(2)).
            if (error is not (Errno.TryAgain or Errno.Interrupted) || attempt == Attempts)
            {
                return null;
            }
        }
    }

    private string Shown(string path) => path.Length == 0 ? _shown : $"{_shown.TrimEnd('/')}/{path.TrimStart('/')}";

    private void Check(int result, string path)
    {
        if (result < 0)
        {
            throw FileRefusal.Of(Shown(path), _shown, Errno.Last);
        }
    }
}
