using Torchyard.Gpus.Compute;

namespace Torchyard.Reports.Verify;

/// <summary>Copies between host and GPU, and between two GPUs, with every byte checked.</summary>
internal static unsafe class CopyProof
{
    private const long Bytes = 64L << 20;

    /// <summary>Host to GPU, on the GPU, and back, from pinned or pageable memory.</summary>
    public static (VerifyOutcome Outcome, string Detail) Host(GpuContext gpu, bool pinned)
    {
        gpu.MakeCurrent();
        var outgoing = pinned
            ? gpu.Driver.AllocateHost(Bytes)
            : System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
        var incoming = pinned
            ? gpu.Driver.AllocateHost(Bytes)
            : System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
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
        {
            from.Driver.EnablePeerAccess(to.Handle);
        }

        using var source = from.Allocate(Bytes);
        PatternCheck.Write(from, source, seed, ulong.MaxValue, 0);
        from.Synchronize();

        to.MakeCurrent();
        using var target = to.Allocate(Bytes);
        using var check = new PatternCheck(to);
        check.Clear();
        to.Driver.CopyPeerAsync(target.Address, to.Handle, source.Address, from.Handle, Bytes, to.Stream);
        check.Compare(target, seed, ulong.MaxValue, 0);
        var found = check.Read();
        from.MakeCurrent();
        return found.ComparedWords != words
                ? (
                    VerifyOutcome.Failed,
                    $"{found.ComparedWords} of {words} words were compared: kernels do not run on GPU {to.Ordinal} as they should"
                )
            : found.WrongWords != 0
                ? (
                    VerifyOutcome.Failed,
                    $"{found.WrongWords} words came over changed: on virtual machines and with the IOMMU on, disable PCIe ACS"
                )
            : (VerifyOutcome.Passed, $"{Bytes >> 20} MiB, {(direct ? "directly" : "through host memory")}");
    }
}
