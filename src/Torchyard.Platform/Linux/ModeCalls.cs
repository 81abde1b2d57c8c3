using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>Permission bits.</summary>
internal static partial class ModeCalls
{
    /// <summary>fchmod(2).</summary>
    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    public static partial int Set(int descriptor, uint mode);

    /// <summary>fchmod(2).</summary>
    public static int Set(SafeFileHandle file, uint mode)
    {
        using var lent = new LentDescriptor(file);
        return Set(lent.Number, mode);
    }

    /// <summary>chmod(2), which follows links: only for the path of a descriptor. fchmod(2) refuses those that open nothing.</summary>
    public static int SetOfPlace(string descriptorPath, uint mode) => Set(At.CurrentDirectory, descriptorPath, mode, 0);

    /// <summary>fchmodat(2), which follows a link in the last part of the path: the caller knows that there is none.</summary>
    [LibraryImport("libc", EntryPoint = "fchmodat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(int directory, string name, uint mode, int flags);

    /// <summary>umask(2), of the whole process: gives the one before. It cannot fail.</summary>
    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint SetMask(uint mask);
}
