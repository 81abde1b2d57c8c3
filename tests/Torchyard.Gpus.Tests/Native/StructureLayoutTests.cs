using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Torchyard.Gpus.CublasLt;
using Torchyard.Gpus.Cuda;
using Torchyard.Gpus.Nccl;
using Torchyard.Testing.Gpus;

namespace Torchyard.Gpus.Tests.Native;

/// <summary>Every native structure and constant against the vendor's headers, through a C program that prints them.</summary>
public sealed class StructureLayoutTests
{
    [Fact]
    public async Task Cuda_constants_are_those_of_cuda_h()
    {
        var printed = await CHeader.PrintAsync(
            NvidiaPackages.Header("cuda.h"),
            [
                "CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT",
                "CU_DEVICE_ATTRIBUTE_ECC_ENABLED",
                "CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE",
                "CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH",
                "CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE",
                "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR",
                "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR",
                "CU_JIT_ERROR_LOG_BUFFER",
                "CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES",
                "CUDA_ERROR_OUT_OF_MEMORY",
                "CUDA_ERROR_NO_DEVICE",
                "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED",
                "CUDA_ERROR_SYSTEM_NOT_READY",
                "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
                "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
                "CUDA_ERROR_JIT_COMPILER_NOT_FOUND",
                "CU_STREAM_NON_BLOCKING",
                "CU_STREAM_CAPTURE_MODE_THREAD_LOCAL",
                "sizeof(CUdeviceptr)",
                "sizeof(CUdevice)",
            ]
        );
        Assert.Equal(
            [
                (long)CudaAttribute.MultiprocessorCount,
                (long)CudaAttribute.EccEnabled,
                (long)CudaAttribute.MemoryClockKilohertz,
                (long)CudaAttribute.MemoryBusWidth,
                (long)CudaAttribute.L2CacheBytes,
                (long)CudaAttribute.ComputeCapabilityMajor,
                (long)CudaAttribute.ComputeCapabilityMinor,
                (long)CudaJitOption.ErrorLogBuffer,
                (long)CudaJitOption.ErrorLogBufferBytes,
                (long)CudaResult.OutOfMemory,
                (long)CudaResult.NoDevice,
                (long)CudaResult.PeerAccessAlreadyEnabled,
                (long)CudaResult.SystemNotReady,
                (long)CudaResult.SystemDriverMismatch,
                (long)CudaResult.CompatNotSupportedOnDevice,
                221,
                1,
                1,
                8,
                4,
            ],
            printed
        );
    }

    [Fact]
    public async Task CublasLt_structures_and_constants_are_those_of_cublasLt_h()
    {
        var printed = await CHeader.PrintAsync(
            NvidiaPackages.Header("cublasLt.h"),
            [
                "sizeof(cublasLtMatmulHeuristicResult_t)",
                "offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize)",
                "offsetof(cublasLtMatmulHeuristicResult_t, state)",
                "offsetof(cublasLtMatmulHeuristicResult_t, wavesCount)",
                "CUBLASLT_MATMUL_DESC_TRANSA",
                "CUBLASLT_MATMUL_DESC_TRANSB",
                "CUBLASLT_MATMUL_DESC_A_SCALE_POINTER",
                "CUBLASLT_MATMUL_DESC_B_SCALE_POINTER",
                "CUBLASLT_MATMUL_DESC_FAST_ACCUM",
                "CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES",
                "CUDA_R_32F",
                "CUDA_R_64F",
                "CUDA_R_16F",
                "CUDA_R_8I",
                "CUDA_R_32I",
                "CUDA_R_16BF",
                "CUDA_R_8F_E4M3",
                "CUDA_R_8F_E5M2",
                "CUBLAS_COMPUTE_32F",
                "CUBLAS_COMPUTE_64F",
                "CUBLAS_COMPUTE_32I",
                "CUBLAS_COMPUTE_32F_FAST_TF32",
                "CUBLAS_STATUS_NOT_SUPPORTED",
                "CUBLAS_STATUS_ARCH_MISMATCH",
                "CUBLAS_OP_T",
            ]
        );
        Assert.Equal(
            [
                Unsafe.SizeOf<MatmulHeuristicResult>(),
                Offset<MatmulHeuristicResult>(nameof(MatmulHeuristicResult.WorkspaceBytes)),
                Offset<MatmulHeuristicResult>(nameof(MatmulHeuristicResult.Status)),
                Offset<MatmulHeuristicResult>(nameof(MatmulHeuristicResult.Waves)),
                (long)MatmulAttribute.TransposeA,
                (long)MatmulAttribute.TransposeB,
                (long)MatmulAttribute.ScalePointerA,
                (long)MatmulAttribute.ScalePointerB,
                (long)MatmulAttribute.FastAccumulation,
                1,
                (long)CudaDataType.Float32,
                (long)CudaDataType.Float64,
                (long)CudaDataType.Float16,
                (long)CudaDataType.Int8,
                (long)CudaDataType.Int32,
                (long)CudaDataType.BFloat16,
                (long)CudaDataType.Float8E4M3,
                (long)CudaDataType.Float8E5M2,
                (long)CublasComputeType.Float32,
                (long)CublasComputeType.Float64,
                (long)CublasComputeType.Int32,
                (long)CublasComputeType.Float32FastTf32,
                CublasLtLibrary.NotSupported,
                CublasLtLibrary.ArchitectureMismatch,
                1,
            ],
            printed
        );
    }

    [Fact]
    public async Task Nccl_constants_are_those_of_nccl_h()
    {
        _ = NvidiaPackages.Header("cuda.h");
        var printed = await CHeader.PrintAsync(NvidiaPackages.Header("nccl.h"), ["ncclInt32", "ncclFloat32", "ncclSum"]);
        Assert.Equal([(long)NcclDataType.Int32, (long)NcclDataType.Float32, 0], printed);
    }

    private static long Offset<T>(string field) => Marshal.OffsetOf<T>(field);
}
