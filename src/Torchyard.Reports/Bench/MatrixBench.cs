using Torchyard.Gpus.Compute;
using Torchyard.Gpus.CublasLt;
using Torchyard.Reports.Verify;

namespace Torchyard.Reports.Bench;

/// <summary>The highest rate at which a GPU multiplies square matrices in one precision, over layouts and cuBLASLt's algorithms.</summary>
internal static class MatrixBench
{
    private const double LongestProductSeconds = 0.25;
    private const int Finalists = 8;
    private const int Rounds = 5;
    private const double RoundSeconds = 0.04;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public static BenchResult Run(GpuContext gpu, CublasLtLibrary library, nint handle, Precision precision, int size, double seconds)
    {
        var unit = precision.Key == "int8" ? "TOPS" : "TFLOPS";
        var missing = new BenchResult
        {
            Area = "matrix",
            Name = precision.Name,
            Unit = unit,
            Value = 0,
            Best = 0,
            Detail = "",
            Gpu = gpu.Ordinal,
            Key = "matrix." + precision.Key,
        };
        if (gpu.Capability < precision.MinimumCapability)
        {
            return missing with { Missing = $"not supported by this GPU (compute capability {gpu.ComputeMajor}.{gpu.ComputeMinor})" };
        }

        gpu.MakeCurrent();
        size = FittingSize(gpu, library, handle, precision, size);
        using var operands = new Operands(gpu, precision, size);
        var candidates = new List<Candidate>();
        foreach (var (transposeA, transposeB, fast) in Layouts(precision))
        {
            using var product = new MatrixProduct(
                gpu,
                library,
                handle,
                precision,
                precision.Output,
                size,
                size,
                size,
                transposeA,
                transposeB,
                fast
            );
            for (var i = 0; i < product.Algorithms.Length; i++)
            {
                if (Quick(gpu, product, i, operands) is { } time)
                {
                    candidates.Add(
                        new Candidate
                        {
                            TransposeA = transposeA,
                            TransposeB = transposeB,
                            Fast = fast,
                            Algorithm = product.Algorithms[i],
                            Index = i,
                            Seconds = time,
                        }
                    );
                }
            }
        }

        if (candidates.Count == 0)
        {
            return missing with { Missing = $"{library.Path} has no kernel for it on this GPU" };
        }

        var (best, timing) = Fastest(
            gpu,
            library,
            handle,
            precision,
            size,
            [.. candidates.OrderBy(c => c.Seconds).Take(Finalists)],
            operands,
            seconds
        );
        var work = 2.0 * size * size * size;
        var layout = $"{(best.TransposeA ? 'T' : 'N')}{(best.TransposeB ? 'T' : 'N')}";
        return missing with
        {
            MatrixRows = size,
            Value = work / timing.Median / 1e12,
            Best = work / timing.Best / 1e12,
            Detail = $"{size}³, {layout}, algorithm {best.Index + 1}{(best.Fast ? ", fast accumulation" : "")}",
        };
    }

    /// <summary>
    /// Under sustained load the power limit decides, not the speed of a single product: the fastest few are tried in turns, so that
    /// a GPU that warms up meanwhile slows all of them alike, and the one with the best median is measured at length.
    /// </summary>
    private static (Candidate Best, Timing Timing) Fastest(
        GpuContext gpu,
        CublasLtLibrary library,
        nint handle,
        Precision precision,
        int size,
        Candidate[] finalists,
        Operands operands,
        double seconds
    )
    {
        var products = Array.ConvertAll(finalists, c =>
        {
            var product = new MatrixProduct(
                gpu,
                library,
                handle,
                precision,
                precision.Output,
                size,
                size,
                size,
                c.TransposeA,
                c.TransposeB,
                c.Fast,
                algorithms: 1
            );
            product.Algorithms[0] = c.Algorithm;
            return product;
        });
        try
        {
            var times = Array.ConvertAll(finalists, _ => new List<double>(Rounds));
            for (var round = 0; round < Rounds; round++)
            {
                for (var i = 0; i < products.Length; i++)
                {
                    var product = products[i];
                    var repeats = Math.Max(1, (int)Math.Ceiling(RoundSeconds / finalists[i].Seconds));
                    times[i]
                        .Add(
                            gpu.Time(() =>
                            {
                                for (var n = 0; n < repeats; n++)
                                {
                                    Run(product, 0, operands);
                                }
                            }) / repeats
                        );
                }
            }

            var best = Enumerable.Range(0, finalists.Length).MinBy(i => Timing.Of(times[i]).Median);
            // The search has heated the GPU for seconds; a program that knows its algorithm would not have done that.
            Thread.Sleep(Rest);
            return (finalists[best], gpu.Measure(() => Run(products[best], 0, operands), batchSeconds: 0.05, totalSeconds: seconds));
        }
        finally
        {
            foreach (var product in products)
            {
                product.Dispose();
            }
        }
    }

    private static IEnumerable<(bool TransposeA, bool TransposeB, bool Fast)> Layouts(Precision precision)
    {
        if (precision.TransposedOnly)
        {
            yield return (true, false, false);
            if (precision.IsFloat8)
            {
                yield return (true, false, true);
            }

            yield break;
        }

        yield return (false, false, false);
        yield return (true, false, false);
        yield return (false, true, false);
    }

    /// <summary>Halves the size until one product is short: FP64 on a GPU without FP64 units would take minutes otherwise.</summary>
    private static int FittingSize(GpuContext gpu, CublasLtLibrary library, nint handle, Precision precision, int size)
    {
        const int probe = 1024;
        using var operands = new Operands(gpu, precision, probe);
        using var product = new MatrixProduct(
            gpu,
            library,
            handle,
            precision,
            precision.Output,
            probe,
            probe,
            probe,
            transposeA: true,
            transposeB: false,
            algorithms: 1
        );
        if (product.Algorithms.Length == 0 || Quick(gpu, product, 0, operands) is not { } seconds)
        {
            return size;
        }

        while (size > probe && seconds * Math.Pow((double)size / probe, 3) > LongestProductSeconds * 4)
        {
            size /= 2;
        }

        return size;
    }

    /// <summary>Best of three single runs after one that warms up; null when the algorithm cannot run.</summary>
    private static double? Quick(GpuContext gpu, MatrixProduct product, int algorithm, Operands operands)
    {
        if (product.Run(algorithm, operands.A.Address, operands.B.Address, operands.C.Address, operands.Workspace.Address) != 0)
        {
            return null;
        }

        gpu.Synchronize();
        var best = double.PositiveInfinity;
        for (var i = 0; i < 3; i++)
        {
            best = Math.Min(best, gpu.Time(() => Run(product, algorithm, operands)));
        }

        return best;
    }

    private static void Run(MatrixProduct product, int algorithm, Operands operands) =>
        CublasLtLibrary.Check(
            product.Run(algorithm, operands.A.Address, operands.B.Address, operands.C.Address, operands.Workspace.Address),
            "cublasLtMatmul"
        );

    private sealed record Candidate
    {
        public required bool TransposeA { get; init; }
        public required bool TransposeB { get; init; }
        public required bool Fast { get; init; }
        public required MatmulHeuristicResult Algorithm { get; init; }
        public required int Index { get; init; }
        public required double Seconds { get; init; }
    }

    private sealed class Operands : IDisposable
    {
        public Operands(GpuContext gpu, Precision precision, int size)
        {
            var elements = (long)size * size;
            A = MatrixProof.Generate(gpu, ValueTable.For(precision.A), elements, 1);
            B = MatrixProof.Generate(gpu, ValueTable.For(precision.B), elements, 0x9e3779b9);
            C = gpu.Allocate(elements * ValueTable.SizeOf(precision.Output));
            Workspace = gpu.Allocate(MatrixProduct.WorkspaceBytes);
        }

        public DeviceMemory A { get; }

        public DeviceMemory B { get; }

        public DeviceMemory C { get; }

        public DeviceMemory Workspace { get; }

        public void Dispose()
        {
            A.Dispose();
            B.Dispose();
            C.Dispose();
            Workspace.Dispose();
        }
    }
}
