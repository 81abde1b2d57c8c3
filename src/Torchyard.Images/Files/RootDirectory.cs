using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Files;

/// <summary>
/// Makes and reads files below one directory by paths that come out of archives. No path and no link leads out: parents are opened
/// through <see cref="ConfinedDirectory"/>; the last part is never followed.
/// One object for one thread; several may work below the same directory.
/// </summary>
internal sealed class RootDirectory : IDisposable
{
    private readonly int _root;
    private readonly ConfinedDirectory _confined;
    private readonly byte[] _buffer = new byte[256 * 1024];
    private string? _parentPath;
    private int _parent = -1;
    private bool _disposed;

    private RootDirectory(string path, ConfinedDirectory confined)
    {
        Path = path;
        _confined = confined;
        _root = OpenDirectory("");
        if (_root < 0)
        {
            throw Failure("", Errno.Last);
        }
    }

    /// <summary>Where the root is on this machine.</summary>
    public string Path { get; }

    /// <summary>Opens a directory as a root.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="links">What happens to links on the way: refused in trees that only we write; what a container would see inside the
    /// root.</param>
    public static RootDirectory Open(string path, Links links = Links.Refused)
    {
        var confined = ConfinedDirectory.Open(path, links);
        try
        {
            return new RootDirectory(path, confined);
        }
        catch
        {
            confined.Dispose();
            throw;
        }
    }

    /// <summary>Makes a directory if nothing is there yet, and its parents; false when something else has the name.</summary>
    public bool MakeDirectory(string path)
    {
        if (path.Length == 0)
        {
            return true;
        }

        var parent = OpenParent(path, out var name);
        if (NameCalls.MakeDirectory(parent, name, FileModes.Directory) == 0)
        {
            // Of a directory that an archive leaves out nobody sets the mode, and the caller's umask is not it.
            Check(ModeCalls.Set(parent, name, FileModes.Directory, 0), path);
            return true;
        }

        var error = Errno.Last;
        return error == Errno.Exists
            ? StatusCalls.TryRead(parent, name, out var found) && found.Type == FileKind.Directory
            : throw Failure(path, error);
    }

    /// <summary>Makes a new file; false when the name is taken. The content comes from <paramref name="read"/> until it gives 0.</summary>
    public bool MakeFile(string path, int mode, uint user, uint group, long modifiedAt, ContentReader read)
    {
        var parent = OpenParent(path, out var name);
        var file = OpenCalls.OpenAt(
            parent,
            name,
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow | OpenFlags.CloseOnExec,
            FileModes.Private
        );
        if (file < 0)
        {
            var error = Errno.Last;
            return error == Errno.Exists ? false : throw Failure(path, error);
        }

        try
        {
            for (var count = read(_buffer); count > 0; count = read(_buffer))
            {
                WriteAll(file, path, count);
            }

            // The owner comes first: changing it drops the set-uid bits.
            Check(OwnerCalls.Set(file, user, group), path);
            Check(ModeCalls.Set(file, (uint)mode), path);
            Check(TimeCalls.Set(file, modifiedAt), path);
            return true;
        }
        finally
        {
            _ = OpenCalls.Close(file);
        }
    }

    /// <summary>Makes a symbolic link; its target is text and not looked at. False when the name is taken.</summary>
    public bool MakeSymlink(string path, string target, uint user, uint group, long modifiedAt)
    {
        var parent = OpenParent(path, out var name);
        if (!Made(NameCalls.MakeLink(target, parent, name), path))
        {
            return false;
        }

        Check(OwnerCalls.Set(parent, name, user, group, At.NoFollow), path);
        Check(TimeCalls.Set(parent, name, modifiedAt), path);
        return true;
    }

    /// <summary>Makes a second name of a file. False when the name is taken.</summary>
    /// <param name="path">The new name.</param>
    /// <param name="existing">The file.</param>
    /// <param name="of">Root of the file, on the same file system; null for this one.</param>
    public bool MakeHardLink(string path, string existing, RootDirectory? of = null)
    {
        // A descriptor of its own, because the parent cache keeps only one.
        var from = (of ?? this).OpenDirectory(ArchivePath.Parent(existing));
        if (from < 0)
        {
            throw Failure(existing, Errno.Last);
        }

        try
        {
            var parent = OpenParent(path, out var name);
            return Made(NameCalls.MakeHardLink(from, ArchivePath.Name(existing), parent, name, 0), path);
        }
        finally
        {
            _ = OpenCalls.Close(from);
        }
    }

    /// <summary>Makes a device, fifo or (with type 0, 0:0) overlay whiteout. False when the name is taken.</summary>
    public bool MakeNode(string path, uint type, int mode, uint major, uint minor, uint user, uint group, long modifiedAt)
    {
        var parent = OpenParent(path, out var name);
        // makedev(3)
        var device = (ulong)(minor & 0xFF) | (ulong)(major & 0xFFF) << 8 | (ulong)(minor & ~0xFFu) << 12 | (ulong)(major & ~0xFFFu) << 32;
        if (!Made(NameCalls.MakeNode(parent, name, type | (uint)mode, device), path))
        {
            return false;
        }

        Check(OwnerCalls.Set(parent, name, user, group, At.NoFollow), path);
        Check(ModeCalls.Set(parent, name, (uint)mode, 0), path);
        Check(TimeCalls.Set(parent, name, modifiedAt), path);
        return true;
    }

    /// <summary>Sets owner, mode and time of a directory or file, the root included; of no link.</summary>
    public void SetAttributes(string path, int mode, uint user, uint group, long modifiedAt)
    {
        var (parent, name) = path.Length == 0 ? (_root, ".") : (OpenParent(path, out var last), last);
        // chmod(2) follows a link, and would change what it leads to.
        if (StatusCalls.TryRead(parent, name, out var stat) && stat.Type == FileKind.Link)
        {
            throw new UnsafePathException(path);
        }

        Check(OwnerCalls.Set(parent, name, user, group, At.NoFollow), path);
        Check(ModeCalls.Set(parent, name, (uint)mode, 0), path);
        Check(TimeCalls.Set(parent, name, modifiedAt), path);
    }

    /// <summary>Sets an extended attribute of a file, directory or link.</summary>
    public void SetXattr(string path, string attribute, ReadOnlySpan<byte> value)
    {
        var (parent, name) = path.Length == 0 ? (_root, ".") : (OpenParent(path, out var last), last);
        Check(XattrCalls.Set($"{OpenCalls.PathOf(parent)}/{name}", attribute, value), path);
    }

    /// <summary>statx of a path; false when it does not exist.</summary>
    public bool TryStat(string path, out FileStatus result)
    {
        if (path.Length == 0)
        {
            return StatusCalls.TryRead(_root, ".", out result);
        }

        var parent = OpenDirectory(ArchivePath.Parent(path));
        if (parent < 0)
        {
            result = default;
            return false;
        }

        try
        {
            return StatusCalls.TryRead(parent, ArchivePath.Name(path), out result);
        }
        finally
        {
            _ = OpenCalls.Close(parent);
        }
    }

    /// <summary>Opens a regular file for reading.</summary>
    public FileStream OpenFile(string path)
    {
        var parent = OpenParent(path, out var name);
        if (StatusCalls.TryRead(parent, name, out var stat) && stat.Type != FileKind.Regular)
        {
            throw new UnsafePathException(path);
        }

        var file = OpenCalls.OpenAt(
            parent,
            name,
            OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec,
            0
        );
        return file >= 0
            ? new FileStream(new SafeFileHandle(file, ownsHandle: true), FileAccess.Read, bufferSize: 0)
            : throw Failure(path, Errno.Last);
    }

    /// <summary>Moves a file, link or device to a place where nothing is, in this root or another on the same file system.</summary>
    public void Move(string path, RootDirectory to, string target)
    {
        var from = OpenDirectory(ArchivePath.Parent(path));
        if (from < 0)
        {
            throw Failure(path, Errno.Last);
        }

        try
        {
            var parent = to.OpenParent(target, out var name);
            to.Check(NameCalls.Rename(from, ArchivePath.Name(path), parent, name), target);
        }
        finally
        {
            _ = OpenCalls.Close(from);
        }
    }

    /// <summary>Removes whatever is at a path, a directory with all that is in it; no link is followed.</summary>
    public void RemoveTree(string path)
    {
        if (!TryStat(path, out var stat))
        {
            return;
        }

        if (stat.Type != FileKind.Directory)
        {
            Remove(path);
            return;
        }

        ForgetParent();
        _confined.DeleteTree(path);
    }

    /// <summary>Removes a file or link if it is there.</summary>
    public void Remove(string path)
    {
        var parent = OpenDirectory(ArchivePath.Parent(path));
        if (parent >= 0)
        {
            _ = NameCalls.Remove(parent, ArchivePath.Name(path), 0);
            _ = OpenCalls.Close(parent);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            ForgetParent();
            _ = OpenCalls.Close(_root);
            _confined.Dispose();
        }
    }

    private int OpenParent(string path, out string name)
    {
        var directory = ArchivePath.Parent(path);
        name = ArchivePath.Name(path);
        if (directory == _parentPath)
        {
            return _parent;
        }

        ForgetParent();
        var opened = OpenDirectory(directory);
        if (opened < 0 && Errno.Last == Errno.NoEntry && directory.Length > 0)
        {
            // Archives may leave out the entries of parents.
            MakeDirectory(directory);
            ForgetParent();
            opened = OpenDirectory(directory);
        }

        if (opened < 0)
        {
            throw Failure(path, Errno.Last);
        }

        _parentPath = directory;
        _parent = opened;
        return opened;
    }

    private void ForgetParent()
    {
        if (_parent >= 0)
        {
            _ = OpenCalls.Close(_parent);
        }

        _parent = -1;
        _parentPath = null;
    }

    /// <summary>A descriptor of a directory, which the caller closes; -1 and errno when there is none.</summary>
    private int OpenDirectory(string path)
    {
        using var place = _confined.TryOpenPlace(path, out var error);
        if (place is null)
        {
            Marshal.SetLastPInvokeError(error);
            return -1;
        }

        var descriptor = (int)place.DangerousGetHandle();
        place.SetHandleAsInvalid();
        return descriptor;
    }

    private void WriteAll(int file, string path, int count)
    {
        for (var done = 0; done < count; )
        {
            var written = DescriptorCalls.Write(file, _buffer.AsSpan(done, count - done));
            Check((int)Math.Min(written, 0), path);
            done += (int)written;
        }
    }

    private bool Made(int result, string path)
    {
        if (result == 0)
        {
            return true;
        }

        var error = Errno.Last;
        return error == Errno.Exists ? false : throw Failure(path, error);
    }

    private void Check(int result, string path)
    {
        if (result < 0)
        {
            throw Failure(path, Errno.Last);
        }
    }

    private Exception Failure(string path, int error) =>
        error is Errno.TooManyLinks or Errno.NotDirectory or Errno.CrossDevice
            ? new UnsafePathException(path)
            : ImageErrors.FromErrno($"{Path}/{path}", error);
}

/// <summary>Reads content into a buffer; 0 at its end.</summary>
internal delegate int ContentReader(Span<byte> buffer);

/// <summary>A path that leads through a link or a file; the caller names the archive.</summary>
internal sealed class UnsafePathException(string path) : Exception($"'{path}' leads through a link or a file")
{
    /// <summary>The path, relative to the root.</summary>
    public string RelativePath { get; } = path;
}
