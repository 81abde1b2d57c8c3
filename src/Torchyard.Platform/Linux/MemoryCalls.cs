using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Memory of this process.</summary>
internal static unsafe partial class MemoryCalls
{
    private const int HugePages = 14; // MADV_HUGEPAGE, asm-generic/mman-common.h
    private const int SmallPages = 15; // MADV_NOHUGEPAGE

    /// <summary>madvise(2): whether the kernel should back memory with large pages. It is advice: a kernel without them refuses.</summary>
    /// <param name="address">At the begin of a page.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="large">Large pages, or only small ones.</param>
    public static int AdvisePages(void* address, nuint length, bool large) => Advise(address, length, large ? HugePages : SmallPages);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(void* address, nuint length, int advice);
}
