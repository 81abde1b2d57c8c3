using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>Makes, moves and removes names in an open directory. No link in the last part of a path is followed.</summary>
internal static partial class NameCalls
{
    /// <summary>mkdirat(2).</summary>
    /// <param name="directory">Where.</param>
    /// <param name="name">The new name.</param>
    /// <param name="mode">Permission bits, less the umask.</param>
    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(int directory, string name, uint mode);

    /// <summary>mkdirat(2).</summary>
    public static int MakeDirectory(SafeFileHandle directory, string name, uint mode)
    {
        using var lent = new LentDescriptor(directory);
        return MakeDirectory(lent.Number, name, mode);
    }

    /// <summary>symlinkat(2).</summary>
    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeLink(string target, int directory, string name);

    /// <summary>symlinkat(2).</summary>
    public static int MakeLink(string target, SafeFileHandle directory, string name)
    {
        using var lent = new LentDescriptor(directory);
        return MakeLink(target, lent.Number, name);
    }

    /// <summary>link(2).</summary>
    public static int MakeHardLink(string from, string to) => MakeHardLink(At.CurrentDirectory, from, At.CurrentDirectory, to, 0);

    /// <summary>linkat(2).</summary>
    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeHardLink(int fromDirectory, string from, int toDirectory, string to, int flags);

    /// <summary>mknodat(2).</summary>
    /// <param name="directory">Where.</param>
    /// <param name="name">The new name.</param>
    /// <param name="mode">One of <see cref="FileKind"/>, and permission bits, less the umask.</param>
    /// <param name="device">Major and minor number as makedev(3) puts them together.</param>
    [LibraryImport("libc", EntryPoint = "mknodat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeNode(int directory, string name, uint mode, ulong device);

    /// <summary>renameat(2).</summary>
    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(int fromDirectory, string from, int toDirectory, string to);

    /// <summary>renameat(2).</summary>
    public static int Rename(SafeFileHandle fromDirectory, string from, SafeFileHandle toDirectory, string to)
    {
        using var source = new LentDescriptor(fromDirectory);
        using var target = new LentDescriptor(toDirectory);
        return Rename(source.Number, from, target.Number, to);
    }

    /// <summary>unlinkat(2); with <see cref="At.RemoveDirectory"/> of an empty directory.</summary>
    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Remove(int directory, string name, int flags);

    /// <summary>unlinkat(2); with <see cref="At.RemoveDirectory"/> of an empty directory.</summary>
    public static int Remove(SafeFileHandle directory, string name, int flags)
    {
        using var lent = new LentDescriptor(directory);
        return Remove(lent.Number, name, flags);
    }

    /// <summary>rmdir(2).</summary>
    public static int RemoveDirectory(string path) => Remove(At.CurrentDirectory, path, At.RemoveDirectory);
}
