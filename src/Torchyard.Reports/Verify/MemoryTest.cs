using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Cuda;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Verify;

/// <summary>
/// A kernel writes patterns to the free memory of a GPU, another compares them: constants, checkerboards, random words and their inverse.
/// </summary>
internal static class MemoryTest
{
    private const long ChunkBytes = 4L << 30;
    private const long ReserveBytes = 768L << 20;
    private const ulong All = ulong.MaxValue;

    private static readonly (string Name, ulong Mask, ulong Flip)[] Patterns =
    [
        ("zeros", 0, 0),
        ("ones", 0, All),
        ("0x55", 0, 0x5555555555555555),
        ("0xaa", 0, 0xaaaaaaaaaaaaaaaa),
        ("random", All, 0),
        ("inverse random", All, All),
    ];

    /// <summary>Tests at most <paramref name="limitBytes"/> of what is free.</summary>
    public static (VerifyOutcome Outcome, string Detail) Run(GpuContext gpu, long limitBytes)
    {
        gpu.MakeCurrent();
        var chunks = new List<DeviceMemory>();
        try
        {
            using var check = new PatternCheck(gpu);
            AllocateFree(gpu, limitBytes, chunks);
            var bytes = chunks.Sum(c => c.Bytes);
            if (bytes == 0)
            {
                return (VerifyOutcome.Skipped, "no free memory to test: another process holds it");
            }

            var faults = new List<string>();
            var seconds = 0.0;
            foreach (var (name, mask, flip) in Patterns)
            {
                seconds += gpu.Time(() => Each(chunks, (chunk, seed) => PatternCheck.Write(gpu, chunk, seed, mask, flip)));
                check.Clear();
                seconds += gpu.Time(() => Each(chunks, (chunk, seed) => check.Compare(chunk, seed, mask, flip)));
                var found = check.Read();
                // Nothing wrong in what was never looked at proves nothing.
                if (found.ComparedWords != (ulong)bytes / sizeof(ulong))
                {
                    return (
                        VerifyOutcome.Failed,
                        $"{name}: {found.ComparedWords} of {bytes / sizeof(ulong)} words were "
                            + "compared: kernels do not run on this GPU as they should"
                    );
                }

                if (found.WrongWords != 0)
                {
                    faults.Add($"{name}: {found.WrongWords} wrong words, bits 0x{found.WrongBits:x16}");
                }
            }

            var rate = 2.0 * Patterns.Length * bytes / seconds / 1e9;
            return faults.Count == 0
                ? (VerifyOutcome.Passed, $"{bytes / 1073741824.0:0.0} GiB, {Count.Of(Patterns.Length, "pattern")}, {rate:0} GB/s")
                : (
                    VerifyOutcome.Failed,
                    $"{string.Join("; ", faults)}: take this GPU out of service and have it checked (nvidia-smi -q -d ECC,ROW_REMAPPER)"
                );
        }
        finally
        {
            foreach (var chunk in chunks)
            {
                chunk.Dispose();
            }
        }
    }

    private static void AllocateFree(GpuContext gpu, long limitBytes, List<DeviceMemory> chunks)
    {
        var left = Math.Min(limitBytes, gpu.Driver.MemoryInfo().Free - ReserveBytes);
        while (left >= 64L << 20)
        {
            // Whole 64 MiB pieces; fragmentation can make a chunk fail that the sum of the free memory would allow.
            var size = Math.Min(ChunkBytes, left) & ~((64L << 20) - 1);
            try
            {
                chunks.Add(gpu.Allocate(size));
            }
            catch (GpuCallException e) when (e.Code == (int)CudaResult.OutOfMemory)
            {
                return;
            }

            left -= size;
        }
    }

    private static void Each(List<DeviceMemory> chunks, Action<DeviceMemory, ulong> action)
    {
        // A seed of its own for each chunk: two addresses that lead to one cell then show as wrong words.
        for (var i = 0; i < chunks.Count; i++)
        {
            action(chunks[i], (ulong)i << 40);
        }
    }
}
