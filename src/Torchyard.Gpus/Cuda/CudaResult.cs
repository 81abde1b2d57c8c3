namespace Torchyard.Gpus.Cuda;

/// <summary>CUresult (cuda.h): the values that are treated apart; any other number is passed through.</summary>
internal enum CudaResult
{
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    NoDevice = 100,
    PeerAccessAlreadyEnabled = 704,
    NotSupported = 801,
    SystemNotReady = 802,
    SystemDriverMismatch = 803,
    CompatNotSupportedOnDevice = 804,
    Unknown = 999,
}

/// <summary>CUdevice_attribute (cuda.h), those used here.</summary>
internal enum CudaAttribute
{
    MultiprocessorCount = 16,
    EccEnabled = 32,
    MemoryClockKilohertz = 36,
    MemoryBusWidth = 37,
    L2CacheBytes = 38,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
}

/// <summary>CUjit_option (cuda.h), those used here.</summary>
internal enum CudaJitOption
{
    ErrorLogBuffer = 5,
    ErrorLogBufferBytes = 6,
}

/// <summary>
/// A call of the CUDA driver, cuBLASLt or NCCL that failed while a GPU was being tried; it becomes a finding, not a crash.
/// </summary>
internal sealed class GpuCallException(string call, int code, string text) : Exception($"{call} gave {code} ({text})")
{
    public string Call { get; } = call;

    public int Code { get; } = code;
}
