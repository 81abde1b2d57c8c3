using System.Diagnostics;
using System.Runtime.InteropServices;
using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Cuda;
using Torchyard.Platform.Linux;

namespace Torchyard.Reports.Bench;

/// <summary>Bandwidth of the GPU's own memory and of its link to the host.</summary>
internal static unsafe class MemoryBench
{
    private const long StreamBlockBytes = 16384;
    private const long HostBytes = 256L << 20;
    private const long PageBytes = 2L << 20;
    private const int PageableBuffers = 4;

    /// <summary>Copy (bytes read and written both count), read and write inside the GPU's memory.</summary>
    public static IEnumerable<BenchResult> Device(GpuContext gpu, double seconds)
    {
        gpu.MakeCurrent();
        var bytes = Math.Min(4L << 30, gpu.Driver.MemoryInfo().Free / 3) & ~(StreamBlockBytes - 1);
        using var from = gpu.Allocate(bytes);
        using var to = gpu.Allocate(bytes);
        gpu.Launch("pattern_write", gpu.Multiprocessors * 16, 1, from.Address, (ulong)bytes / 8, 5, ulong.MaxValue, 0);
        var blocks = bytes / StreamBlockBytes;

        var engine = gpu.Measure(() => gpu.Driver.CopyOnDeviceAsync(to.Address, from.Address, bytes, gpu.Stream), totalSeconds: seconds);
        var kernel = gpu.Measure(() => gpu.Launch("stream_copy", blocks, 1, to.Address, from.Address), totalSeconds: seconds);
        var faster = engine.Median <= kernel.Median ? (engine, "driver copy") : (kernel, "16-byte kernel");
        yield return Result(
            gpu,
            "memory",
            "memory.copy",
            "copy (read and written)",
            2.0 * bytes,
            faster.Item1,
            $"{bytes >> 20} MiB, {faster.Item2}"
        );

        var read = gpu.Measure(() => gpu.Launch("stream_read", blocks, 1, from.Address, to.Address), totalSeconds: seconds);
        yield return Result(gpu, "memory", "memory.read", "read", bytes, read, $"{bytes >> 20} MiB, 16-byte kernel");
        var fill = gpu.Measure(() => gpu.Driver.FillBytesAsync(to.Address, 0x5a, bytes, gpu.Stream), totalSeconds: seconds);
        var write = gpu.Measure(() => gpu.Launch("stream_write", blocks, 1, to.Address, 0x5a5a5a5a), totalSeconds: seconds);
        yield return Result(
            gpu,
            "memory",
            "memory.write",
            "write",
            bytes,
            fill.Median <= write.Median ? fill : write,
            $"{bytes >> 20} MiB"
        );
    }

    /// <summary>Host to device and back, from page-locked memory.</summary>
    public static IEnumerable<BenchResult> Pinned(GpuContext gpu, double seconds)
    {
        gpu.MakeCurrent();
        var host = gpu.Driver.AllocateHost(HostBytes);
        try
        {
            Touch(host);
            using var device = gpu.Allocate(HostBytes);
            var up = gpu.Measure(() => gpu.Driver.CopyToDeviceAsync(device.Address, host, HostBytes, gpu.Stream), totalSeconds: seconds);
            var down = gpu.Measure(() => gpu.Driver.CopyToHostAsync(host, device.Address, HostBytes, gpu.Stream), totalSeconds: seconds);
            return
            [
                Result(gpu, "host", "host.pinned_to_device", "pinned host to device", HostBytes, up, $"{HostBytes >> 20} MiB"),
                Result(gpu, "host", "host.device_to_pinned", "device to pinned host", HostBytes, down, $"{HostBytes >> 20} MiB"),
            ];
        }
        finally
        {
            gpu.Driver.FreeHost(host);
        }
    }

    /// <summary>Host to device and back, from ordinary memory: what the driver stages through its own buffers.</summary>
    /// <remarks>
    /// Where the kernel happens to place a buffer decides up to a fifth of the rate (7.5 to 10.3 GB/s for the same copy on an H200),
    /// so several buffers are tried, half of them with large pages, and the best of each direction counts.
    /// </remarks>
    public static IEnumerable<BenchResult> Pageable(GpuContext gpu, double seconds)
    {
        gpu.MakeCurrent();
        using var device = gpu.Allocate(HostBytes);
        var up = new Timing(double.PositiveInfinity, double.PositiveInfinity);
        var down = up;
        for (var i = 0; i < PageableBuffers; i++)
        {
            var host = NativeMemory.AlignedAlloc((nuint)HostBytes, (nuint)PageBytes);
            try
            {
                _ = MemoryCalls.AdvisePages(host, (nuint)HostBytes, large: i % 2 == 0);
                Touch(host);
                up = Better(up, HostTimed(() => gpu.Driver.CopyToDevice(device.Address, host, HostBytes), gpu.Driver, seconds / 2));
                down = Better(down, HostTimed(() => gpu.Driver.CopyToHost(host, device.Address, HostBytes), gpu.Driver, seconds / 2));
            }
            finally
            {
                NativeMemory.AlignedFree(host);
            }
        }

        var detail = $"{HostBytes >> 20} MiB, best of {PageableBuffers} buffers";
        return
        [
            Result(gpu, "host", "host.pageable_to_device", "pageable host to device", HostBytes, up, detail),
            Result(gpu, "host", "host.device_to_pageable", "device to pageable host", HostBytes, down, detail),
        ];

        static Timing Better(Timing a, Timing b) => b.Median < a.Median ? b : a;
    }

    /// <summary>One GPU to another, for every pair in both directions.</summary>
    public static IEnumerable<BenchResult> Peer(GpuContext from, GpuContext to, double seconds)
    {
        from.MakeCurrent();
        var direct = from.Driver.CanAccessPeer(from.Device, to.Device);
        if (direct)
        {
            from.Driver.EnablePeerAccess(to.Handle);
        }

        using var source = from.Allocate(HostBytes);
        to.MakeCurrent();
        using var target = to.Allocate(HostBytes);
        from.MakeCurrent();
        var timing = from.Measure(
            () => from.Driver.CopyPeerAsync(target.Address, to.Handle, source.Address, from.Handle, HostBytes, from.Stream),
            totalSeconds: seconds
        );
        yield return Result(
            from,
            "peer",
            $"peer.{from.Ordinal}.{to.Ordinal}",
            $"GPU {from.Ordinal} to GPU {to.Ordinal}",
            HostBytes,
            timing,
            direct ? "direct" : "through host memory"
        );
    }

    internal static BenchResult Result(GpuContext gpu, string area, string key, string name, double bytes, Timing timing, string detail) =>
        new()
        {
            Area = area,
            Name = name,
            Unit = "GB/s",
            Value = bytes / timing.Median / 1e9,
            Best = bytes / timing.Best / 1e9,
            Detail = detail,
            Gpu = gpu.Ordinal,
            Key = key,
        };

    private static void Touch(void* host) => new Span<byte>(host, (int)HostBytes).Fill(0x3c);

    private static Timing HostTimed(Action copy, CudaDriver driver, double seconds)
    {
        copy();
        driver.Synchronize();
        var times = new List<double>();
        var total = Stopwatch.StartNew();
        do
        {
            var clock = Stopwatch.GetTimestamp();
            copy();
            driver.Synchronize();
            times.Add(Stopwatch.GetElapsedTime(clock).TotalSeconds);
        } while (times.Count < 5 || total.Elapsed.TotalSeconds < seconds);

        return Timing.Of(times);
    }
}
