using Torchyard.Gpus.Compute;

namespace Torchyard.Reports.Verify;

/// <summary>What a GPU found when it compared memory with a pattern.</summary>
/// <param name="WrongWords">Words of 8 bytes that were not as written.</param>
/// <param name="WrongBits">Every bit that was ever wrong.</param>
/// <param name="ComparedWords">Words that were compared, counted by the kernel itself.</param>
internal readonly record struct PatternFindings(ulong WrongWords, ulong WrongBits, ulong ComparedWords);

/// <summary>Writes a pattern with one kernel and compares it with another (Kernels.ptx).</summary>
internal sealed class PatternCheck(GpuContext gpu) : IDisposable
{
    private readonly DeviceMemory _results = gpu.Allocate(4 * sizeof(ulong));

    /// <summary>Word i of a pattern is <c>(splitmix64(i + seed) &amp; mask) ^ flip</c>.</summary>
    public static void Write(GpuContext gpu, DeviceMemory memory, ulong seed, ulong mask, ulong flip) =>
        gpu.Launch("pattern_write", gpu.Multiprocessors * 16, 1, memory.Address, Words(memory), seed, mask, flip);

    /// <summary>Forgets what was found.</summary>
    public void Clear() => _results.Upload<ulong>([0, ulong.MaxValue, 0, 0]);

    /// <summary>Puts a comparison on the stream.</summary>
    public void Compare(DeviceMemory memory, ulong seed, ulong mask, ulong flip) =>
        gpu.Launch("pattern_check", gpu.Multiprocessors * 16, 1, memory.Address, Words(memory), seed, mask, flip, _results.Address);

    /// <summary>What all comparisons since <see cref="Clear"/> found.</summary>
    public PatternFindings Read()
    {
        gpu.Synchronize();
        Span<ulong> found = stackalloc ulong[4];
        _results.Download(found);
        return new PatternFindings(found[0], found[2], found[3]);
    }

    public void Dispose() => _results.Dispose();

    private static ulong Words(DeviceMemory memory) => (ulong)memory.Bytes / sizeof(ulong);
}
