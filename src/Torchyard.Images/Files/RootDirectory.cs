using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Images.Files;

/// <summary>How names are resolved below a <see cref="RootDirectory"/>.</summary>
internal enum LinkPolicy
{
    /// <summary>A symbolic link on the way is an error: for trees that only we write.</summary>
    Refuse,

    /// <summary>Links are followed inside the root, absolute ones from the root on: what a container would see.</summary>
    InsideRoot,
}

/// <summary>
/// Makes and reads files below one directory by paths that come out of archives. No path and no link leads out: parents are opened by
/// openat2(2) confined to the root, or on kernels before 5.6 part by part without following links; the last part is never followed.
/// One object for one thread; several may work below the same directory.
/// </summary>
internal sealed unsafe class RootDirectory : IDisposable
{
    private static volatile bool _hasOpenAt2 = true;

    private readonly int _root;
    private readonly LinkPolicy _links;
    private readonly byte[] _buffer = new byte[256 * 1024];
    private string? _parentPath;
    private int _parent = -1;
    private bool _disposed;

    private RootDirectory(string path, int root, LinkPolicy links)
    {
        Path = path;
        _root = root;
        _links = links;
    }

    /// <summary>Where the root is on this machine.</summary>
    public string Path { get; }

    /// <summary>Opens a directory as a root.</summary>
    public static RootDirectory Open(string path, LinkPolicy links = LinkPolicy.Refuse)
    {
        var root = Posix.OpenAt(Posix.CurrentDirectory, path, Posix.PathOnly | Posix.Directory | Posix.CloseOnExec, 0);
        return root >= 0 ? new RootDirectory(path, root, links) : throw ImageErrors.FromErrno(path, Marshal.GetLastPInvokeError());
    }

    /// <summary>Makes a directory if nothing is there yet, and its parents; false when something else has the name.</summary>
    public bool MakeDirectory(string path)
    {
        if (path.Length == 0)
        {
            return true;
        }

        var parent = OpenParent(path, out var name);
        if (Posix.MkdirAt(parent, name, 0x1ED) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Posix.Exists
            ? Posix.TryStat(parent, name, out var found) && found.Type == Posix.TypeDirectory
            : throw Failure(path, error);
    }

    /// <summary>Makes a new file; false when the name is taken. The content comes from <paramref name="read"/> until it gives 0.</summary>
    public bool MakeFile(string path, int mode, uint user, uint group, long modifiedAt, ContentReader read)
    {
        var parent = OpenParent(path, out var name);
        var file = Posix.OpenAt(parent, name, Posix.WriteOnly | Posix.Create | Posix.Exclusive | Posix.NoFollow | Posix.CloseOnExec, 0x180);
        if (file < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error == Posix.Exists ? false : throw Failure(path, error);
        }

        try
        {
            for (var count = read(_buffer); count > 0; count = read(_buffer))
            {
                WriteAll(file, path, count);
            }

            // The owner comes first: changing it drops the set-uid bits.
            Check(Posix.Chown(file, user, group), path);
            Check(Posix.Chmod(file, (uint)mode), path);
            Check(Posix.SetTime(file, modifiedAt), path);
            return true;
        }
        finally
        {
            _ = Posix.Close(file);
        }
    }

    /// <summary>Makes a symbolic link; its target is text and not looked at. False when the name is taken.</summary>
    public bool MakeSymlink(string path, string target, uint user, uint group, long modifiedAt)
    {
        var parent = OpenParent(path, out var name);
        if (!Made(Posix.SymlinkAt(target, parent, name), path))
        {
            return false;
        }

        Check(Posix.ChownAt(parent, name, user, group, Posix.SymlinkNoFollow), path);
        Check(Posix.SetTime(parent, name, modifiedAt), path);
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
            throw Failure(existing, Marshal.GetLastPInvokeError());
        }

        try
        {
            var parent = OpenParent(path, out var name);
            return Made(Posix.LinkAt(from, ArchivePath.Name(existing), parent, name, 0), path);
        }
        finally
        {
            _ = Posix.Close(from);
        }
    }

    /// <summary>Makes a device, fifo or (with type 0, 0:0) overlay whiteout. False when the name is taken.</summary>
    public bool MakeNode(string path, uint type, int mode, uint major, uint minor, uint user, uint group, long modifiedAt)
    {
        var parent = OpenParent(path, out var name);
        // makedev(3)
        var device = (ulong)(minor & 0xFF) | (ulong)(major & 0xFFF) << 8 | (ulong)(minor & ~0xFFu) << 12 | (ulong)(major & ~0xFFFu) << 32;
        if (!Made(Posix.MknodAt(parent, name, type | (uint)mode, device), path))
        {
            return false;
        }

        Check(Posix.ChownAt(parent, name, user, group, Posix.SymlinkNoFollow), path);
        Check(Posix.ChmodAt(parent, name, (uint)mode, 0), path);
        Check(Posix.SetTime(parent, name, modifiedAt), path);
        return true;
    }

    /// <summary>Sets owner, mode and time of a directory or file, the root included; of no link.</summary>
    public void SetAttributes(string path, int mode, uint user, uint group, long modifiedAt)
    {
        var (parent, name) = path.Length == 0 ? (_root, ".") : (OpenParent(path, out var last), last);
        Check(Posix.ChownAt(parent, name, user, group, Posix.SymlinkNoFollow), path);
        Check(Posix.ChmodAt(parent, name, (uint)mode, 0), path);
        Check(Posix.SetTime(parent, name, modifiedAt), path);
    }

    /// <summary>Sets an extended attribute of a file, directory or link.</summary>
    public void SetXattr(string path, string attribute, ReadOnlySpan<byte> value)
    {
        var (parent, name) = path.Length == 0 ? (_root, ".") : (OpenParent(path, out var last), last);
        fixed (byte* pointer = value)
        {
            Check(Posix.SetXattr($"/proc/self/fd/{parent}/{name}", attribute, pointer, (nuint)value.Length, 0), path);
        }
    }

    /// <summary>statx of a path; false when it does not exist.</summary>
    public bool TryStat(string path, out Posix.StatxResult result)
    {
        if (path.Length == 0)
        {
            return Posix.TryStat(_root, ".", out result);
        }

        var parent = OpenDirectory(ArchivePath.Parent(path));
        if (parent < 0)
        {
            result = default;
            return false;
        }

        try
        {
            return Posix.TryStat(parent, ArchivePath.Name(path), out result);
        }
        finally
        {
            _ = Posix.Close(parent);
        }
    }

    /// <summary>Opens a regular file for reading.</summary>
    public FileStream OpenFile(string path)
    {
        var parent = OpenParent(path, out var name);
        var file = Posix.OpenAt(parent, name, Posix.ReadOnly | Posix.NoFollow | Posix.CloseOnExec, 0);
        return file >= 0
            ? new FileStream(new SafeFileHandle(file, ownsHandle: true), FileAccess.Read, bufferSize: 0)
            : throw Failure(path, Marshal.GetLastPInvokeError());
    }

    /// <summary>Moves a file, link or device to a place where nothing is, in this root or another on the same file system.</summary>
    public void Move(string path, RootDirectory to, string target)
    {
        var from = OpenDirectory(ArchivePath.Parent(path));
        if (from < 0)
        {
            throw Failure(path, Marshal.GetLastPInvokeError());
        }

        try
        {
            var parent = to.OpenParent(target, out var name);
            to.Check(Posix.RenameAt(from, ArchivePath.Name(path), parent, name), target);
        }
        finally
        {
            _ = Posix.Close(from);
        }
    }

    /// <summary>Removes whatever is at a path, a directory with all that is in it; no link is followed.</summary>
    public void RemoveTree(string path)
    {
        if (!TryStat(path, out var stat))
        {
            return;
        }

        if (stat.Type != Posix.TypeDirectory)
        {
            Remove(path);
            return;
        }

        ForgetParent();
        // No part of the path is a link: TryStat went the same way without following any.
        Directory.Delete($"{Path}/{path}", recursive: true);
    }

    /// <summary>Removes a file or link if it is there.</summary>
    public void Remove(string path)
    {
        var parent = OpenDirectory(ArchivePath.Parent(path));
        if (parent >= 0)
        {
            _ = Posix.UnlinkAt(parent, ArchivePath.Name(path), 0);
            _ = Posix.Close(parent);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            ForgetParent();
            _ = Posix.Close(_root);
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
        if (opened < 0 && Marshal.GetLastPInvokeError() == Posix.NoEntry && directory.Length > 0)
        {
            // Archives may leave out the entries of parents.
            MakeDirectory(directory);
            ForgetParent();
            opened = OpenDirectory(directory);
        }

        if (opened < 0)
        {
            throw Failure(path, Marshal.GetLastPInvokeError());
        }

        _parentPath = directory;
        _parent = opened;
        return opened;
    }

    private void ForgetParent()
    {
        if (_parent >= 0)
        {
            _ = Posix.Close(_parent);
        }

        _parent = -1;
        _parentPath = null;
    }

    private int OpenDirectory(string path)
    {
        if (path.Length == 0)
        {
            return Posix.OpenAt(_root, ".", Posix.PathOnly | Posix.Directory | Posix.CloseOnExec, 0);
        }

        if (_links == LinkPolicy.InsideRoot && _hasOpenAt2)
        {
            var opened = Posix.OpenDirectoryInRoot(_root, path);
            if (opened >= 0 || Marshal.GetLastPInvokeError() != Posix.NoSystemCall)
            {
                return opened;
            }

            _hasOpenAt2 = false;
        }

        var current = _root;
        foreach (var part in path.Split('/'))
        {
            var next = Posix.OpenAt(current, part, Posix.PathOnly | Posix.Directory | Posix.NoFollow | Posix.CloseOnExec, 0);
            var error = Marshal.GetLastPInvokeError();
            if (current != _root)
            {
                _ = Posix.Close(current);
            }

            if (next < 0)
            {
                Marshal.SetLastPInvokeError(error);
                return -1;
            }

            current = next;
        }

        return current;
    }

    private void WriteAll(int file, string path, int count)
    {
        fixed (byte* start = _buffer)
        {
            for (var done = 0; done < count;)
            {
                var written = Posix.Write(file, start + done, count - done);
                Check((int)Math.Min(written, 0), path);
                done += (int)written;
            }
        }
    }

    private bool Made(int result, string path)
    {
        if (result == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Posix.Exists ? false : throw Failure(path, error);
    }

    private void Check(int result, string path)
    {
        if (result < 0)
        {
            throw Failure(path, Marshal.GetLastPInvokeError());
        }
    }

    private Exception Failure(string path, int error) => error is Posix.TooManyLinks or Posix.NotDirectory
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
