using Torchyard.Gpus.CublasLt;

namespace Torchyard.Gpus.Compute;

/// <summary>A prepared product C = op(A)·op(B) on one GPU, column-major, with the algorithms that cuBLASLt proposes for it.</summary>
internal sealed unsafe class MatrixProduct : IDisposable
{
    public const long WorkspaceBytes = 64L << 20;

    private readonly GpuContext _gpu;
    private readonly CublasLtLibrary _library;
    private readonly nint _handle;
    private readonly nint _description;
    private readonly nint _layoutA;
    private readonly nint _layoutB;
    private readonly nint _layoutC;
    private readonly bool _integerScale;
    private readonly bool _doubleScale;

    /// <summary>Prepares a product; a GPU without such a product has no algorithms.</summary>
    public MatrixProduct(
        GpuContext gpu,
        CublasLtLibrary library,
        nint handle,
        Precision precision,
        CudaDataType output,
        int m,
        int n,
        int k,
        bool transposeA,
        bool transposeB,
        bool fastAccumulation = false,
        int algorithms = 16
    )
    {
        (_gpu, _library, _handle) = (gpu, library, handle);
        (TransposeA, TransposeB, FastAccumulation) = (transposeA, transposeB, fastAccumulation);
        _integerScale = precision.Scale == CudaDataType.Int32;
        _doubleScale = precision.Scale == CudaDataType.Float64;
        _description = library.CreateDescription(precision.Compute, precision.Scale);
        library.Set(_description, MatmulAttribute.TransposeA, transposeA ? 1 : 0);
        library.Set(_description, MatmulAttribute.TransposeB, transposeB ? 1 : 0);
        if (precision.IsFloat8 && fastAccumulation)
        {
            library.Set(_description, MatmulAttribute.FastAccumulation, (sbyte)1);
        }

        _layoutA = transposeA ? library.CreateLayout(precision.A, k, m, k) : library.CreateLayout(precision.A, m, k, m);
        _layoutB = transposeB ? library.CreateLayout(precision.B, n, k, n) : library.CreateLayout(precision.B, k, n, k);
        _layoutC = library.CreateLayout(output, m, n, m);

        var preference = library.CreatePreference(WorkspaceBytes);
        Algorithms = library.Heuristic(handle, _description, _layoutA, _layoutB, _layoutC, preference, algorithms);
        library.DestroyPreference(preference);
    }

    public bool TransposeA { get; }

    public bool TransposeB { get; }

    public bool FastAccumulation { get; }

    /// <summary>What cuBLASLt proposes, best first; empty when this GPU has no such product.</summary>
    public MatmulHeuristicResult[] Algorithms { get; }

    /// <summary>Puts the product on the GPU's stream.</summary>
    /// <returns>A cublasStatus_t.</returns>
    public int Run(int algorithm, ulong a, ulong b, ulong c, ulong workspace)
    {
        // Alpha 1 and beta 0 in the scale type; all of them fit in eight bytes.
        var alpha =
            _integerScale ? 1UL
            : _doubleScale ? BitConverter.DoubleToUInt64Bits(1.0)
            : BitConverter.SingleToUInt32Bits(1.0f);
        ulong beta = 0;
        return _library.Matmul(
            _handle,
            _description,
            &alpha,
            a,
            _layoutA,
            b,
            _layoutB,
            &beta,
            c,
            _layoutC,
            in Algorithms[algorithm],
            workspace,
            WorkspaceBytes,
            _gpu.Stream
        );
    }

    public void Dispose()
    {
        _library.DestroyLayout(_layoutA);
        _library.DestroyLayout(_layoutB);
        _library.DestroyLayout(_layoutC);
        _library.DestroyDescription(_description);
    }
}
