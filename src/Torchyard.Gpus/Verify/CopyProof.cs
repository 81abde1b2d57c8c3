using Torchyard.Gpus.Compute;

namespace Torchyard.Gpus.Verify;

/// <summary>Copies between host and GPU, and between two GPUs, with every byte checked.</summary>
internal static unsafe class CopyProof
{
    private const long Bytes = 64L << 20;

    /// <summary>Host to GPU, on the GPU, and back, from pinned or pageable memory.</summary>
    public static (VerifyOutcome Outcome, string Detail) Host(GpuContext gpu, bool pinned)
    {
        gpu.MakeCurrent();
        var outgoing = pinned ? gpu.Driver.AllocateHost(Bytes) : System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
        var incoming = pinned ? gpu.Driver.AllocateHost(Bytes) : System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
        try
        {
            var source = new Span<byte>(outgoing, (int)Bytes);
            var target = new Span<byte>(incoming, (int)Bytes);
            new Random(1).NextBytes(source);
            target.Clear();
            using var first = gpu.Allocate(Bytes);
            using var second = gpu.Allocate(Bytes);
            gpu.Driver.CopyToDeviceAsync(first.Address, outgoing, Bytes, gpu.Stream);
            gpu.Driver.CopyOnDeviceAsync(second.Address, first.Address, Bytes, gpu.Stream);
            gpu.Driver.CopyToHostAsync(incoming, second.Address, Bytes, gpu.Stream);
            gpu.Synchronize();
            var same = source.CommonPrefixLength(target);
            return same == Bytes
                ? (VerifyOutcome.Passed, $"{Bytes >> 20} MiB out and back, every byte right")
                : (VerifyOutcome.Failed, $"byte {same} came back changed: suspect the PCIe link or host memory");
        }
        finally
        {
            if (pinned)
            {
                gpu.Driver.FreeHost(outgoing);
                gpu.Driver.FreeHost(incoming);
            }
            else
            {
                System.Runtime.InteropServices.NativeMemory.AlignedFree(outgoing);
                System.Runtime.InteropServices.NativeMemory.AlignedFree(incoming);
            }
        }
    }

    /// <summary>From one GPU to another, directly where the machine can.</summary>
    public static (VerifyOutcome Outcome, string Detail) Peer(GpuContext from, GpuContext to)
    {
        const ulong seed = 77;
        const ulong words = (ulong)Bytes / 8;
        from.MakeCurrent();
        var direct = from.Driver.CanAccessPeer(from.Device, to.Device);
        if (direct)
            from.Driver.EnablePeerAccess(to.Handle);
        using var source = from.Allocate(Bytes);
        from.Launch("pattern_write", from.Multiprocessors * 4, 1, source.Address, words, seed, ulong.MaxValue, 0);
        from.Synchronize();

        to.MakeCurrent();
        using var target = to.Allocate(Bytes);
        using var results = to.Allocate(24);
        results.Upload<ulong>([0, ulong.MaxValue, 0]);
        to.Driver.CopyPeerAsync(target.Address, to.Handle, source.Address, from.Handle, Bytes, to.Stream);
        to.Launch("pattern_check", to.Multiprocessors * 4, 1, target.Address, words, seed, ulong.MaxValue, 0, results.Address);
        to.Synchronize();
        Span<ulong> found = stackalloc ulong[3];
        results.Download(found);
        from.MakeCurrent();
        return found[0] == 0
            ? (VerifyOutcome.Passed, $"{Bytes >> 20} MiB, {(direct ? "directly" : "through host memory")}")
            : (VerifyOutcome.Failed, $"{found[0]} words came over changed: on virtual machines and with the IOMMU on, disable PCIe ACS");
    }
}
