using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>Opens and closes (<see cref="OpenFlags"/>).</summary>
internal static unsafe partial class OpenCalls
{
    /// <summary>open(2).</summary>
    /// <param name="path">The file.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>.</param>
    /// <param name="mode">Permission bits of a file that is made, less the umask.</param>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0) => Handle(OpenDescriptor(path, flags, mode));

    /// <summary>open(2), for a descriptor that the caller closes.</summary>
    public static int OpenDescriptor(string path, int flags, uint mode = 0) => OpenAt(At.CurrentDirectory, path, flags, mode);

    /// <summary>openat(2).</summary>
    public static SafeFileHandle OpenAt(SafeFileHandle directory, string path, int flags, uint mode)
    {
        using var lent = new LentDescriptor(directory);
        return Handle(OpenAt(lent.Number, path, flags, mode));
    }

    /// <summary>openat(2), for a descriptor that the caller closes.</summary>
    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int directory, string path, int flags, uint mode);

    /// <summary>
    /// openat2(2), Linux 5.6: what is at a path below a directory, by the rules of <paramref name="resolve"/>. Nothing is made.
    /// </summary>
    /// <param name="directory">Open directory; null for an absolute path.</param>
    /// <param name="path">The path.</param>
    /// <param name="flags">See <see cref="OpenFlags"/>.</param>
    /// <param name="resolve">What may be followed.</param>
    public static SafeFileHandle OpenInside(SafeFileHandle? directory, string path, int flags, ResolveFlags resolve)
    {
        if (directory is null)
        {
            return OpenInside(At.CurrentDirectory, path, flags, resolve);
        }

        using var lent = new LentDescriptor(directory);
        return OpenInside(lent.Number, path, flags, resolve);
    }

    /// <summary>close(2). It leaves <see cref="Errno.Last"/> alone: what is closed after a failure does not hide its reason.</summary>
    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    /// <summary>close_range(2) with CLOSE_RANGE_CLOEXEC: every descriptor from the first on closes when a program starts.</summary>
    public static bool CloseOnStart(uint first)
    {
        // The last is ~0U.
        const nint CloseOnExec = 4;
        return SystemCall.Invoke(SystemCall.CloseRange, (nint)first, -1, CloseOnExec, 0, 0) == 0;
    }

    /// <summary>The path under which this process reaches what a descriptor stands for.</summary>
    public static string PathOf(SafeHandle descriptor) => PathOf((int)descriptor.DangerousGetHandle());

    /// <summary>The path under which this process reaches what a descriptor stands for.</summary>
    public static string PathOf(int descriptor) => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");

    private static SafeFileHandle OpenInside(int directory, string path, int flags, ResolveFlags resolve)
    {
        var how = new OpenHow { Flags = (ulong)flags, Resolve = resolve };
        fixed (byte* text = SystemCall.Text(path))
        {
            return Handle((int)SystemCall.Invoke(SystemCall.OpenAt2, directory, (nint)text, (nint)(&how), sizeof(OpenHow), 0));
        }
    }

    private static SafeFileHandle Handle(int descriptor) => new(descriptor, ownsHandle: true);

    /// <summary>struct open_how of linux/openat2.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ResolveFlags Resolve;
    }
}
