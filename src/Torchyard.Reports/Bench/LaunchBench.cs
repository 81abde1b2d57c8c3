using System.Diagnostics;
using Torchyard.Gpus.Compute;

namespace Torchyard.Reports.Bench;

/// <summary>What starting a kernel costs: back to back, as a node of a graph, and until the host knows that it ended.</summary>
internal static class LaunchBench
{
    private const int Launches = 2000;
    private const int Rounds = 15;

    public static IEnumerable<BenchResult> Run(GpuContext gpu)
    {
        gpu.MakeCurrent();
        yield return Result(
            gpu,
            "launch.back_to_back",
            "launch, back to back",
            Sample(() =>
            {
                var clock = Stopwatch.GetTimestamp();
                for (var i = 0; i < Launches; i++)
                {
                    gpu.Launch("empty", 1, 1, 0);
                }

                gpu.Synchronize();
                return Stopwatch.GetElapsedTime(clock).TotalSeconds / Launches;
            })
        );
        yield return Result(
            gpu,
            "launch.round_trip",
            "launch and wait",
            Sample(() =>
            {
                const int trips = 200;
                var clock = Stopwatch.GetTimestamp();
                for (var i = 0; i < trips; i++)
                {
                    gpu.Launch("empty", 1, 1, 0);
                    gpu.Synchronize();
                }

                return Stopwatch.GetElapsedTime(clock).TotalSeconds / trips;
            })
        );

        gpu.Driver.BeginCapture(gpu.Stream);
        for (var i = 0; i < Launches; i++)
        {
            gpu.Launch("empty", 1, 1, 0);
        }

        var graph = gpu.Driver.EndCapture(gpu.Stream);
        try
        {
            yield return Result(
                gpu,
                "launch.graph_node",
                "kernel in a graph",
                Sample(() => gpu.Time(() => gpu.Driver.LaunchGraph(graph, gpu.Stream)) / Launches)
            );
        }
        finally
        {
            gpu.Driver.DestroyGraph(graph);
        }
    }

    private static Timing Sample(Func<double> seconds)
    {
        _ = seconds();
        return Timing.Of([.. Enumerable.Range(0, Rounds).Select(_ => seconds())]);
    }

    private static BenchResult Result(GpuContext gpu, string key, string name, Timing timing) =>
        new()
        {
            Area = "launch",
            Name = name,
            Unit = "µs",
            Value = timing.Median * 1e6,
            Best = timing.Best * 1e6,
            Detail = "empty kernel",
            Gpu = gpu.Ordinal,
            Key = key,
        };
}
