using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Capabilities of the calling thread (capabilities(7)).</summary>
internal static unsafe partial class CapabilityCalls
{
    // _LINUX_CAPABILITY_VERSION_3 of linux/capability.h: two words for each set.
    private const uint Version = 0x20080522;
    private const int Words = 2;

    /// <summary>Makes all effective that are permitted: a change of the user who reaches files takes those over files away.</summary>
    /// <returns>0, or -1 with errno.</returns>
    public static int RaisePermitted()
    {
        var header = new Header { Version = Version };
        var sets = stackalloc Sets[Words];
        if (Get(&header, sets) < 0)
        {
            return -1;
        }

        for (var i = 0; i < Words; i++)
        {
            sets[i].Effective = sets[i].Permitted;
        }

        return Set(&header, sets);
    }

    [LibraryImport("libc", EntryPoint = "capget", SetLastError = true)]
    private static partial int Get(Header* header, Sets* sets);

    [LibraryImport("libc", EntryPoint = "capset", SetLastError = true)]
    private static partial int Set(Header* header, Sets* sets);

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Version;

        // 0: the calling thread.
        public int Process;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Sets
    {
        public uint Effective;
        public uint Permitted;
        public uint Inheritable;
    }
}
