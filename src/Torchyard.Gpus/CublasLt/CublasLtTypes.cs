using System.Runtime.InteropServices;

namespace Torchyard.Gpus.CublasLt;

/// <summary>cudaDataType_t (library_types.h).</summary>
internal enum CudaDataType
{
    Float32 = 0,
    Float64 = 1,
    Float16 = 2,
    Int8 = 3,
    Int32 = 10,
    BFloat16 = 14,
    Float8E4M3 = 28,
    Float8E5M2 = 29,
}

/// <summary>cublasComputeType_t (cublas_api.h).</summary>
internal enum CublasComputeType
{
    Float32 = 68,
    Float64 = 70,
    Int32 = 72,
    Float32FastTf32 = 77,
}

/// <summary>cublasLtMatmulDescAttributes_t (cublasLt.h), those used here.</summary>
internal enum MatmulAttribute
{
    TransposeA = 3,
    TransposeB = 4,
    ScalePointerA = 17,
    ScalePointerB = 18,
    FastAccumulation = 25,
}

/// <summary>cublasLtMatmulHeuristicResult_t (cublasLt.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MatmulHeuristicResult
{
    /// <summary>cublasLtMatmulAlgo_t, opaque.</summary>
    public fixed ulong Algorithm[8];

    public nuint WorkspaceBytes;

    public int Status;

    public float Waves;

    public fixed int Reserved[4];
}
