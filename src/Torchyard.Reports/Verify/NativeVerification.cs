using System.Diagnostics;
using Torchyard.Gpus.Compute;
using Torchyard.Gpus.Cuda;
using Torchyard.Platform.Reporting;

namespace Torchyard.Reports.Verify;

/// <summary>What the native proofs are to do.</summary>
/// <param name="MemoryLimitBytes">At most this much of a GPU's free memory is tested.</param>
/// <param name="CollectiveTimeout">NCCL that does not answer in this time has failed.</param>
internal sealed record VerifyOptions(long MemoryLimitBytes, TimeSpan CollectiveTimeout)
{
    public static readonly VerifyOptions Default = new(long.MaxValue, TimeSpan.FromSeconds(90));
}

/// <summary>The proofs that need no Python: memory, matrix products, copies, peers and NCCL on every visible GPU.</summary>
internal sealed class NativeVerification(GpuLibraries libraries, VerifyOptions options, IProgressSink progress)
{
    private readonly List<VerifyResult> _results = [];

    public IReadOnlyList<VerifyResult> Run(CancellationToken cancellation)
    {
        var gpus = new List<GpuContext>();
        try
        {
            var count = libraries.Driver.DeviceCount();
            for (var ordinal = 0; ordinal < count; ordinal++)
            {
                if (Open(ordinal) is { } gpu)
                {
                    gpus.Add(gpu);
                }
            }

            foreach (var gpu in gpus)
            {
                Single(gpu, cancellation);
            }

            Peers(gpus, cancellation);
            Collectives(gpus, cancellation);
        }
        finally
        {
            // After a time-out NCCL still owns its streams: the process ends anyway, and freeing under it would hang.
            if (!_results.Exists(r => r is { Area: "nccl", Outcome: VerifyOutcome.Failed }))
            {
                gpus.ForEach(gpu => gpu.Dispose());
            }
        }

        return _results;
    }

    private GpuContext? Open(int ordinal)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var gpu = new GpuContext(libraries.Driver, ordinal);
            _results.Add(
                new VerifyResult
                {
                    Area = "start",
                    Name = "context and kernels",
                    Outcome = VerifyOutcome.Passed,
                    Detail = $"{gpu.Name}, compute capability {gpu.ComputeMajor}.{gpu.ComputeMinor}, {gpu.Multiprocessors} SMs",
                    Seconds = clock.Elapsed.TotalSeconds,
                    Gpu = ordinal,
                }
            );
            return gpu;
        }
        catch (GpuCallException e)
        {
            const int jitCompilerNotFound = 221;
            var cure = e switch
            {
                { Code: jitCompilerNotFound } =>
                    "libnvidia-ptxjitcompiler.so.1 is missing beside the driver's libcuda: inject every library of the driver",
                { Code: (int)CudaResult.OutOfMemory } => "the GPU's memory is taken by another process: nvidia-smi shows which",
                _ => "torchyard doctor looks at this GPU",
            };
            _results.Add(
                new VerifyResult
                {
                    Area = "start",
                    Name = "context and kernels",
                    Outcome = VerifyOutcome.Failed,
                    Detail = $"{e.Message}: {cure}",
                    Seconds = clock.Elapsed.TotalSeconds,
                    Gpu = ordinal,
                }
            );
            return null;
        }
    }

    private void Single(GpuContext gpu, CancellationToken cancellation)
    {
        Try(gpu.Ordinal, "memory", "memory test", () => MemoryTest.Run(gpu, options.MemoryLimitBytes), cancellation);
        Try(gpu.Ordinal, "copy", "pinned host copies", () => CopyProof.Host(gpu, pinned: true), cancellation);
        Try(gpu.Ordinal, "copy", "pageable host copies", () => CopyProof.Host(gpu, pinned: false), cancellation);
        if (libraries.CublasLt is not { } library)
        {
            _results.Add(
                new VerifyResult
                {
                    Area = "matrix",
                    Name = "products",
                    Outcome = VerifyOutcome.Skipped,
                    Detail = "cuBLASLt was not found: name its directory with --libraries",
                    Seconds = 0,
                    Gpu = gpu.Ordinal,
                }
            );
            return;
        }

        var handle = library.Create();
        try
        {
            foreach (var precision in Precision.All)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    Add(MatrixProof.Run(gpu, library, handle, precision));
                }
                catch (GpuCallException e)
                {
                    Add(
                        new VerifyResult
                        {
                            Area = "matrix",
                            Name = $"{precision.Name} product",
                            Outcome = VerifyOutcome.Failed,
                            Detail = e.Message,
                            Seconds = 0,
                            Gpu = gpu.Ordinal,
                        }
                    );
                }
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
                Try(from.Ordinal, "peer", $"copy to GPU {to.Ordinal}", () => CopyProof.Peer(from, to), cancellation);
            }
        }
    }

    private void Collectives(List<GpuContext> gpus, CancellationToken cancellation)
    {
        if (libraries.Nccl is not { } nccl || gpus.Count == 0)
        {
            _results.Add(
                new VerifyResult
                {
                    Area = "nccl",
                    Name = "collectives",
                    Outcome = VerifyOutcome.Skipped,
                    Detail = gpus.Count == 0 ? "no GPU" : "NCCL was not found: name its directory with --libraries",
                    Seconds = 0,
                }
            );
            return;
        }

        // On a thread of its own: NCCL that waits for a peer which never answers cannot be interrupted.
        var found = new List<VerifyResult>();
        var thread = new Thread(() => RunCollectives(gpus, nccl, found)) { IsBackground = true, Name = "nccl" };
        thread.Start();
        var finished = thread.Join(options.CollectiveTimeout);
        lock (found)
        {
            found.ForEach(Add);
        }

        if (!finished)
        {
            Add(
                new VerifyResult
                {
                    Area = "nccl",
                    Name = "collectives",
                    Outcome = VerifyOutcome.Failed,
                    Detail =
                        $"NCCL {nccl.Version()} gave no answer in {options.CollectiveTimeout.TotalSeconds:0} s: run again with "
                        + "NCCL_DEBUG=INFO; try NCCL_P2P_DISABLE=1",
                    Seconds = options.CollectiveTimeout.TotalSeconds,
                }
            );
        }

        cancellation.ThrowIfCancellationRequested();
    }

    private static void RunCollectives(List<GpuContext> gpus, Torchyard.Gpus.Nccl.NcclLibrary nccl, List<VerifyResult> found)
    {
        try
        {
            using var proof = new CollectiveProof(gpus, nccl);
            foreach (var (name, run) in proof.Proofs())
            {
                var clock = Stopwatch.StartNew();
                var (outcome, detail) = run();
                lock (found)
                {
                    found.Add(
                        new VerifyResult
                        {
                            Area = "nccl",
                            Name = name,
                            Outcome = outcome,
                            Detail = $"NCCL {nccl.Version()}, {detail}",
                            Seconds = clock.Elapsed.TotalSeconds,
                        }
                    );
                }
            }
        }
        catch (GpuCallException e)
        {
            lock (found)
            {
                found.Add(
                    new VerifyResult
                    {
                        Area = "nccl",
                        Name = "collectives",
                        Outcome = VerifyOutcome.Failed,
                        Detail = $"{e.Message}; NCCL_DEBUG=INFO says more",
                        Seconds = 0,
                    }
                );
            }
        }
    }

    private void Try(int? gpu, string area, string name, Func<(VerifyOutcome Outcome, string Detail)> proof, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        try
        {
            var (outcome, detail) = proof();
            Add(
                new VerifyResult
                {
                    Area = area,
                    Name = name,
                    Outcome = outcome,
                    Detail = detail,
                    Seconds = clock.Elapsed.TotalSeconds,
                    Gpu = gpu,
                }
            );
        }
        catch (GpuCallException e)
        {
            Add(
                new VerifyResult
                {
                    Area = area,
                    Name = name,
                    Outcome = VerifyOutcome.Failed,
                    Detail = e.Message,
                    Seconds = clock.Elapsed.TotalSeconds,
                    Gpu = gpu,
                }
            );
        }
    }

    private void Add(VerifyResult result)
    {
        _results.Add(result);
        progress.Note($"{(result.Gpu is { } n ? $"GPU {n} " : "")}{result.Name}: {result.Outcome} {result.Detail}");
    }
}
