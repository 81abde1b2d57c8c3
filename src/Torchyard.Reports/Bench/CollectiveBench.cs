using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Nccl;
using Torchyard.Platform.Text;

namespace Torchyard.Reports.Bench;

/// <summary>
/// Bus bandwidth of NCCL's collectives over all GPUs of this process against the message size. Bus bandwidth is the rate that the links
/// carry, comparable between collectives and numbers of GPUs (nccl-tests, doc/PERFORMANCE.md).
/// </summary>
internal static class CollectiveBench
{
    private const long Smallest = 1L << 20;
    private const long Largest = 1L << 30;
    private const int Repetitions = 10;

    public static IEnumerable<BenchResult> Run(IReadOnlyList<GpuContext> gpus, NcclLibrary nccl)
    {
        var ranks = gpus.Count;
        var communicators = nccl.CreateAll([.. gpus.Select(g => g.Ordinal)]);
        var buffers = new List<(DeviceMemory Send, DeviceMemory Receive)>();
        try
        {
            foreach (var gpu in gpus)
            {
                gpu.MakeCurrent();
                var send = gpu.Allocate(Largest);
                gpu.Launch("pattern_write", gpu.Multiprocessors * 16, 1, send.Address, (ulong)Largest / 8, 3, 0x3f3f3f3f3f3f3f3f, 0);
                buffers.Add((send, gpu.Allocate(Largest)));
            }

            const NcclDataType type = NcclDataType.Float32;
            yield return Measure("all_reduce", "all-reduce", 2.0 * (ranks - 1) / ranks, (r, bytes) =>
                nccl.AllReduce(buffers[r].Send.Address, buffers[r].Receive.Address, bytes / 4, type, communicators[r], gpus[r].Stream)
            );
            yield return Measure("all_gather", "all-gather", (ranks - 1.0) / ranks, (r, bytes) =>
                nccl.AllGather(
                    buffers[r].Send.Address,
                    buffers[r].Receive.Address,
                    bytes / 4 / ranks,
                    type,
                    communicators[r],
                    gpus[r].Stream
                )
            );
            yield return Measure("reduce_scatter", "reduce-scatter", (ranks - 1.0) / ranks, (r, bytes) =>
                nccl.ReduceScatter(
                    buffers[r].Send.Address,
                    buffers[r].Receive.Address,
                    bytes / 4 / ranks,
                    type,
                    communicators[r],
                    gpus[r].Stream
                )
            );
            yield return Measure("broadcast", "broadcast", 1, (r, bytes) =>
                nccl.Broadcast(buffers[r].Send.Address, buffers[r].Receive.Address, bytes / 4, type, 0, communicators[r], gpus[r].Stream)
            );
            yield return Measure("send_receive", "send and receive", 1, (r, bytes) =>
            {
                nccl.Send(buffers[r].Send.Address, bytes / 4, type, (r + 1) % ranks, communicators[r], gpus[r].Stream);
                nccl.Receive(buffers[r].Receive.Address, bytes / 4, type, (r + ranks - 1) % ranks, communicators[r], gpus[r].Stream);
            });
        }
        finally
        {
            for (var r = 0; r < communicators.Length; r++)
            {
                gpus[r].MakeCurrent();
                nccl.Destroy(communicators[r]);
                if (r < buffers.Count)
                {
                    buffers[r].Send.Dispose();
                    buffers[r].Receive.Dispose();
                }
            }
        }

        BenchResult Measure(string key, string name, double busFactor, Action<int, long> enqueue)
        {
            var series = new List<BenchPoint>();
            for (var bytes = Smallest; bytes <= Largest; bytes *= 4)
            {
                series.Add(new BenchPoint(bytes, bytes * busFactor / Seconds(gpus, nccl, r => enqueue(r, bytes)) / 1e9));
            }

            var best = series.Max(p => p.Value);
            return new BenchResult
            {
                Area = "nccl",
                Name = name,
                Unit = "GB/s",
                Value = series[^1].Value,
                Best = best,
                Detail = $"bus bandwidth, {Count.Of(ranks, "GPU")}, {Largest >> 20} MiB, NCCL {nccl.Version()}",
                Key = "nccl." + key,
                Series = series,
            };
        }
    }

    private static double Seconds(IReadOnlyList<GpuContext> gpus, NcclLibrary nccl, Action<int> enqueue)
    {
        for (var warm = 0; warm < 3; warm++)
        {
            Group();
        }

        foreach (var gpu in gpus)
        {
            gpu.MakeCurrent();
            gpu.Synchronize();
        }

        var times = new List<double>();
        for (var round = 0; round < 5; round++)
        {
            gpus[0].MakeCurrent();
            times.Add(
                gpus[0]
                    .Time(() =>
                    {
                        for (var i = 0; i < Repetitions; i++)
                        {
                            Group();
                        }

                        gpus[0].MakeCurrent();
                    }) / Repetitions
            );
        }

        return Timing.Of(times).Median;

        void Group()
        {
            nccl.GroupStart();
            for (var r = 0; r < gpus.Count; r++)
            {
                gpus[r].MakeCurrent();
                enqueue(r);
            }

            nccl.GroupEnd();
        }
    }
}
