using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>Owners: user and group ids as this process sees them.</summary>
internal static partial class OwnerCalls
{
    /// <summary>chown(2), which follows links.</summary>
    public static int Set(string path, uint user, uint group) => Set(At.CurrentDirectory, path, user, group, 0);

    /// <summary>lchown(2): of a link its own.</summary>
    public static int SetOfLink(string path, uint user, uint group) => Set(At.CurrentDirectory, path, user, group, At.NoFollow);

    /// <summary>fchown(2).</summary>
    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    public static partial int Set(int descriptor, uint user, uint group);

    /// <summary>fchownat(2), with <see cref="At.NoFollow"/> or <see cref="At.EmptyPath"/>.</summary>
    [LibraryImport("libc", EntryPoint = "fchownat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Set(int directory, string name, uint user, uint group, int flags);

    /// <summary>fchownat(2), with <see cref="At.NoFollow"/> or <see cref="At.EmptyPath"/>.</summary>
    public static int Set(SafeFileHandle directory, string name, uint user, uint group, int flags)
    {
        using var lent = new LentDescriptor(directory);
        return Set(lent.Number, name, user, group, flags);
    }
}
