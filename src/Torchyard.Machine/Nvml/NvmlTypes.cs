using System.Runtime.InteropServices;

namespace Torchyard.Machine.Nvml;

/// <summary>nvmlReturn_t (nvml.h).</summary>
public enum NvmlReturn
{
    /// <summary>The call succeeded.</summary>
    Success = 0,

    /// <summary>nvmlInit was not called.</summary>
    Uninitialized = 1,

    /// <summary>An argument is invalid.</summary>
    InvalidArgument = 2,

    /// <summary>This GPU does not have the feature.</summary>
    NotSupported = 3,

    /// <summary>The user may not do this.</summary>
    NoPermission = 4,

    /// <summary>The object does not exist.</summary>
    NotFound = 6,

    /// <summary>The buffer is too small.</summary>
    InsufficientSize = 7,

    /// <summary>A power cable is not attached.</summary>
    InsufficientPower = 8,

    /// <summary>The kernel module is not loaded.</summary>
    DriverNotLoaded = 9,

    /// <summary>The call took too long.</summary>
    Timeout = 10,

    /// <summary>The kernel module sees an interrupt problem with a GPU.</summary>
    IrqIssue = 11,

    /// <summary>The NVML library was not found.</summary>
    LibraryNotFound = 12,

    /// <summary>This NVML does not have the function.</summary>
    FunctionNotFound = 13,

    /// <summary>The GPU's configuration memory is damaged.</summary>
    CorruptedInforom = 14,

    /// <summary>The GPU has fallen off the bus.</summary>
    GpuIsLost = 15,

    /// <summary>The GPU needs a reset.</summary>
    ResetRequired = 16,

    /// <summary>The operating system or its cgroups block the control device.</summary>
    OperatingSystem = 17,

    /// <summary>The library and the loaded kernel module are of different versions.</summary>
    LibraryModuleMismatch = 18,

    /// <summary>The GPU is in use.</summary>
    InUse = 19,

    /// <summary>Not enough memory.</summary>
    Memory = 20,

    /// <summary>No data.</summary>
    NoData = 21,

    /// <summary>The version of the structure is not supported.</summary>
    ArgumentVersionMismatch = 25,

    /// <summary>The function is no longer served.</summary>
    Deprecated = 26,

    /// <summary>The system is not ready.</summary>
    NotReady = 27,

    /// <summary>There is no GPU.</summary>
    GpuNotFound = 28,

    /// <summary>An internal error of the driver.</summary>
    Unknown = 999,
}

/// <summary>nvmlPciInfo_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NvmlPciInfo
{
    public fixed byte BusIdLegacy[16];
    public uint Domain;
    public uint Bus;
    public uint Device;
    public uint PciDeviceId;
    public uint PciSubsystemId;
    public fixed byte BusId[32];
}

/// <summary>nvmlMemory_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemory
{
    public ulong Total;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlMemory_v2_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlMemoryV2
{
    public uint Version;
    public ulong Total;
    public ulong Reserved;
    public ulong Free;
    public ulong Used;
}

/// <summary>nvmlUtilization_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlUtilization
{
    public uint Gpu;
    public uint Memory;
}

/// <summary>nvmlProcessInfo_v2_t, the structure of the _v3 functions.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlProcessInfo
{
    public uint Pid;
    public ulong UsedGpuMemory;
    public uint GpuInstanceId;
    public uint ComputeInstanceId;
}

/// <summary>nvmlGpuFabricInfo_v2_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NvmlFabricInfoV2
{
    public uint Version;
    public fixed byte ClusterUuid[16];
    public int Status;
    public uint CliqueId;
    public byte State;
    public uint HealthMask;
}

/// <summary>nvmlDeviceAttributes_t: the shape of a MIG device.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NvmlDeviceAttributes
{
    public uint MultiprocessorCount;
    public uint SharedCopyEngineCount;
    public uint SharedDecoderCount;
    public uint SharedEncoderCount;
    public uint SharedJpegCount;
    public uint SharedOfaCount;
    public uint GpuInstanceSliceCount;
    public uint ComputeInstanceSliceCount;
    public ulong MemorySizeMebibytes;
}

internal static class NvmlVersion
{
    /// <summary>NVML_STRUCT_VERSION (nvml.h): size in the low 24 bits, version in the top 8.</summary>
    public static unsafe uint Of<T>(uint version)
        where T : unmanaged => (uint)sizeof(T) | version << 24;
}
