using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Cuda;
using Torchyard.Platform.Reporting;

namespace Torchyard.Reports.Bench;

/// <summary>What bench is to measure.</summary>
/// <param name="Size">Rows of the square matrices.</param>
/// <param name="Seconds">Time spent on each number.</param>
/// <param name="Areas">Areas to measure; empty for all.</param>
internal sealed record BenchOptions(int Size, double Seconds, IReadOnlyCollection<string> Areas)
{
    public static readonly BenchOptions Default = new(8192, 0.5, []);

    public bool Wants(string area) => Areas.Count == 0 || Areas.Contains(area);
}

/// <summary>Measures every visible GPU, one after the other, then the links between them.</summary>
internal sealed class NativeBench(GpuLibraries libraries, BenchOptions options, IProgressSink progress)
{
    private readonly List<BenchResult> _results = [];

    public IReadOnlyList<BenchResult> Run(CancellationToken cancellation)
    {
        var gpus = new List<GpuContext>();
        try
        {
            var count = libraries.Driver.DeviceCount();
            for (var ordinal = 0; ordinal < count; ordinal++)
            {
                gpus.Add(new GpuContext(libraries.Driver, ordinal));
            }

            foreach (var gpu in gpus)
            {
                Single(gpu, cancellation);
            }

            if (options.Wants("peer"))
            {
                Peers(gpus, cancellation);
            }

            if (options.Wants("nccl") && gpus.Count > 1 && libraries.Nccl is { } nccl)
            {
                Each(() => CollectiveBench.Run(gpus, nccl), cancellation);
            }
        }
        finally
        {
            gpus.ForEach(gpu => gpu.Dispose());
        }

        return _results;
    }

    private void Single(GpuContext gpu, CancellationToken cancellation)
    {
        if (options.Wants("launch"))
        {
            Each(() => LaunchBench.Run(gpu), cancellation);
        }

        if (options.Wants("memory"))
        {
            Each(() => MemoryBench.Device(gpu, options.Seconds), cancellation);
        }

        if (options.Wants("host"))
        {
            Each(() => MemoryBench.Pinned(gpu, options.Seconds), cancellation);
            Each(() => MemoryBench.Pageable(gpu, options.Seconds), cancellation);
        }

        if (!options.Wants("matrix") || libraries.CublasLt is not { } library)
        {
            return;
        }

        var handle = library.Create();
        try
        {
            foreach (var precision in Precision.All)
            {
                Each(() => [MatrixBench.Run(gpu, library, handle, precision, options.Size, options.Seconds)], cancellation);
            }
        }
        finally
        {
            library.Destroy(handle);
        }
    }

    private void Peers(List<GpuContext> gpus, CancellationToken cancellation)
    {
        foreach (var from in gpus)
        {
            foreach (var to in gpus.Where(g => g != from))
            {
                Each(() => MemoryBench.Peer(from, to, options.Seconds / 4), cancellation);
            }
        }
    }

    private void Each(Func<IEnumerable<BenchResult>> measure, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            foreach (var result in measure())
            {
                _results.Add(result);
                progress.Note(
                    result.Missing is { } why
                        ? $"{result.Name}: {why}"
                        : string.Create(
                            System.Globalization.CultureInfo.InvariantCulture,
                            $"{result.Name}: {result.Value:0.##} {result.Unit} ({result.Detail})"
                        )
                );
            }
        }
        catch (GpuCallException e)
        {
            progress.Warn(e.Message);
        }
    }
}
