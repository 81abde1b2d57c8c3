using System.Runtime.InteropServices;
using Torchyard.Gpus.Compute;
using Torchyard.Gpus.CublasLt;

namespace Torchyard.Reports.Verify;

/// <summary>
/// Multiplies random matrices in one precision through cuBLASLt and compares every element with a reference that another kernel sums
/// in double precision; a sample is summed once more on the host, so that a GPU that computes wrongly cannot agree with itself.
/// </summary>
internal static class MatrixProof
{
    private const int M = 2048;
    private const int N = 2048;
    private const int K = 4096;
    private const uint SeedA = 1;

    // Far from SeedA in every bit: streams that differ in one bit only gave elements of A and B that grow and shrink together.
    private const uint SeedB = 0x9e3779b9;
    private const double ClearlyWrong = 16;
    private const int HostSamples = 256;

    public static VerifyResult Run(GpuContext gpu, CublasLtLibrary library, nint handle, Precision precision)
    {
        var name = $"{precision.Name} product";
        if (gpu.Capability < precision.MinimumCapability)
        {
            return new VerifyResult
            {
                Area = "matrix",
                Name = name,
                Outcome = VerifyOutcome.NotSupported,
                Detail = $"not supported by this GPU (compute capability {gpu.ComputeMajor}.{gpu.ComputeMinor})",
                Seconds = 0,
                Gpu = gpu.Ordinal,
            };
        }

        gpu.MakeCurrent();
        using var product = new MatrixProduct(
            gpu,
            library,
            handle,
            precision,
            precision.ExactOutput,
            M,
            N,
            K,
            transposeA: true,
            transposeB: false,
            algorithms: 1
        );
        if (product.Algorithms.Length == 0)
        {
            return new VerifyResult
            {
                Area = "matrix",
                Name = name,
                Outcome = VerifyOutcome.Failed,
                Detail = $"{library.Path} has no kernel for it, though the GPU can: the library is older than the GPU",
                Seconds = 0,
                Gpu = gpu.Ordinal,
            };
        }

        var tableA = ValueTable.For(precision.A);
        var tableB = ValueTable.For(precision.B);
        var outputBytes = ValueTable.SizeOf(precision.ExactOutput);
        using var a = Generate(gpu, tableA, (long)M * K, SeedA);
        using var b = Generate(gpu, tableB, (long)N * K, SeedB);
        using var c = gpu.Allocate((long)M * N * outputBytes);
        using var workspace = gpu.Allocate(MatrixProduct.WorkspaceBytes);
        // Poison: an element that the product does not write is a NaN (or -1) afterwards.
        gpu.Driver.FillBytesAsync(c.Address, 0xff, c.Bytes, gpu.Stream);
        var status = 0;
        var seconds = gpu.Time(() => status = product.Run(0, a.Address, b.Address, c.Address, workspace.Address));
        CublasLtLibrary.Check(status, "cublasLtMatmul");

        var (ratio, over, first, worst) = CompareOnGpu(gpu, precision, tableA, tableB, c);
        var onHost = CompareOnHost(precision, tableA, tableB, c);
        var bound =
            precision.Key == "int8"
                ? "exact"
                : $"bound {precision.ErrorBound(K):0.0e0}·Σ|a||b|"
                    + $"{(precision.SumBound(K) is > 0 and var share ? $" + {share:0.0e0}·|Σab|" : "")}";
        var found =
            worst == 0
                ? "every element equal to the reference, which sums in the same order"
                : $"largest error {worst:0.0e0}, {ratio:0.0%} of the {bound}";
        var detail =
            over > 0
                ? $"{over} of {M * N} elements are beyond the {bound}, first {first}, largest error {worst:0.0e0}, {ratio:0.0} times the "
                    + $"bound: {(ratio > ClearlyWrong ? "this GPU computes wrongly" : "this GPU or library rounds more than it should")}"
            : onHost is { } wrong ? $"element {wrong} differs from the sum on the host: this GPU computes wrongly"
            : $"{M}×{N}×{K}, {found}";
        return new VerifyResult
        {
            Area = "matrix",
            Name = name,
            Outcome = over > 0 || onHost is not null ? VerifyOutcome.Failed : VerifyOutcome.Passed,
            Detail = detail,
            Seconds = seconds,
            Gpu = gpu.Ordinal,
            ErrorOverBound = double.IsFinite(ratio) ? ratio : null,
        };
    }

    /// <summary>A matrix of random values on the GPU.</summary>
    public static DeviceMemory Generate(GpuContext gpu, ValueTable table, long elements, uint seed)
    {
        using var values = gpu.Allocate(table.Encoded.Length);
        values.Upload<byte>(table.Encoded);
        var matrix = gpu.Allocate(elements * table.ElementBytes);
        gpu.Launch($"fill_{table.ElementBytes}", gpu.Multiprocessors * 16, 1, matrix.Address, (ulong)elements, seed, values.Address);
        gpu.Synchronize();
        return matrix;
    }

    private static (double Ratio, ulong Over, ulong First, double Worst) CompareOnGpu(
        GpuContext gpu,
        Precision precision,
        ValueTable tableA,
        ValueTable tableB,
        DeviceMemory c
    )
    {
        using var exactA = gpu.Allocate(ValueTable.Count * sizeof(double));
        using var exactB = gpu.Allocate(ValueTable.Count * sizeof(double));
        using var results = gpu.Allocate(32);
        exactA.Upload<double>(tableA.Exact);
        exactB.Upload<double>(tableB.Exact);
        results.Upload<ulong>([0, 0, ulong.MaxValue, 0]);
        gpu.Launch(
            $"compare_{Suffix(precision.ExactOutput)}",
            M / 16,
            N / 16,
            c.Address,
            M,
            N,
            K,
            SeedA,
            SeedB,
            exactA.Address,
            exactB.Address,
            BitConverter.DoubleToUInt64Bits(precision.ErrorBound(K)),
            BitConverter.DoubleToUInt64Bits(OutputRounding(precision.ExactOutput) + precision.SumBound(K)),
            results.Address
        );
        gpu.Synchronize();
        Span<ulong> found = stackalloc ulong[4];
        results.Download(found);
        return (BitConverter.UInt64BitsToDouble(found[0]), found[1], found[2], BitConverter.UInt64BitsToDouble(found[3]));
    }

    /// <summary>The first sampled element that is out of bounds, or null.</summary>
    private static string? CompareOnHost(Precision precision, ValueTable tableA, ValueTable tableB, DeviceMemory c)
    {
        Span<byte> bytes = stackalloc byte[8];
        for (var sample = 0u; sample < HostSamples; sample++)
        {
            var i = sample * 2654435761u % M;
            var j = sample * 2246822519u % N;
            double reference = 0,
                sum = 0;
            for (var k = 0u; k < K; k++)
            {
                var product = tableA.Exact[ValueTable.IndexOf(i * K + k, SeedA)] * tableB.Exact[ValueTable.IndexOf(j * K + k, SeedB)];
                reference += product;
                sum += Math.Abs(product);
            }

            var size = ValueTable.SizeOf(precision.ExactOutput);
            c.Download(bytes[..size], ((long)j * M + i) * size);
            var value = precision.ExactOutput switch
            {
                CudaDataType.Float64 => MemoryMarshal.Read<double>(bytes),
                CudaDataType.Int32 => MemoryMarshal.Read<int>(bytes),
                _ => MemoryMarshal.Read<float>(bytes),
            };
            // The host's own sum rounds as well, hence the FP64 share.
            var allowed =
                sum * (precision.ErrorBound(K) + K * Math.ScaleB(1, -53))
                + Math.Abs(reference) * (OutputRounding(precision.ExactOutput) + precision.SumBound(K));
            if (!(Math.Abs(value - reference) <= allowed))
            {
                return $"({i}, {j})";
            }
        }

        return null;
    }

    private static double OutputRounding(CudaDataType type) =>
        type switch
        {
            CudaDataType.Float64 => Math.ScaleB(1, -53),
            CudaDataType.Float32 => Math.ScaleB(1, -24),
            _ => 0,
        };

    private static string Suffix(CudaDataType type) =>
        type switch
        {
            CudaDataType.Float64 => "f64",
            CudaDataType.Int32 => "s32",
            _ => "f32",
        };
}
