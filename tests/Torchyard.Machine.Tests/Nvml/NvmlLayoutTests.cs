using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Torchyard.Machine.Nvml;
using Torchyard.Testing.Gpus;

namespace Torchyard.Machine.Tests.Nvml;

/// <summary>Every structure and constant of NVML against the vendor's header, through a C program that prints them.</summary>
public sealed class NvmlLayoutTests
{
    [Fact]
    public async Task Nvml_structures_have_the_size_and_offsets_of_nvml_h()
    {
        var header = NvidiaPackages.Header("nvml.h");
        var printed = await CHeader.PrintAsync(
            header,
            [
                "sizeof(nvmlPciInfo_t)",
                "offsetof(nvmlPciInfo_t, domain)",
                "offsetof(nvmlPciInfo_t, busId)",
                "sizeof(nvmlMemory_v2_t)",
                "offsetof(nvmlMemory_v2_t, used)",
                "nvmlMemory_v2",
                "sizeof(nvmlUtilization_t)",
                "sizeof(nvmlProcessInfo_t)",
                "offsetof(nvmlProcessInfo_t, usedGpuMemory)",
                "offsetof(nvmlProcessInfo_t, computeInstanceId)",
                "sizeof(nvmlGpuFabricInfo_v2_t)",
                "offsetof(nvmlGpuFabricInfo_v2_t, state)",
                "offsetof(nvmlGpuFabricInfo_v2_t, healthMask)",
                "nvmlGpuFabricInfo_v2",
                "sizeof(nvmlDeviceAttributes_t)",
                "offsetof(nvmlDeviceAttributes_t, memorySizeMB)",
                "NVML_ERROR_GPU_IS_LOST",
                "NVML_ERROR_LIB_RM_VERSION_MISMATCH",
                "NVML_CLOCK_SM",
                "NVML_CLOCK_MEM",
                "NVML_TEMPERATURE_GPU",
                "NVML_MEMORY_ERROR_TYPE_UNCORRECTED",
                "NVML_AGGREGATE_ECC",
                "NVML_COMPUTEMODE_PROHIBITED",
                "NVML_COMPUTEMODE_EXCLUSIVE_PROCESS",
                "NVML_GPU_FABRIC_STATE_COMPLETED",
            ]
        );
        Assert.Equal(
            [
                Unsafe.SizeOf<NvmlPciInfo>(),
                Offset<NvmlPciInfo>(nameof(NvmlPciInfo.Domain)),
                Offset<NvmlPciInfo>(nameof(NvmlPciInfo.BusId)),
                Unsafe.SizeOf<NvmlMemoryV2>(),
                Offset<NvmlMemoryV2>(nameof(NvmlMemoryV2.Used)),
                NvmlVersion.Of<NvmlMemoryV2>(2),
                Unsafe.SizeOf<NvmlUtilization>(),
                Unsafe.SizeOf<NvmlProcessInfo>(),
                Offset<NvmlProcessInfo>(nameof(NvmlProcessInfo.UsedGpuMemory)),
                Offset<NvmlProcessInfo>(nameof(NvmlProcessInfo.ComputeInstanceId)),
                Unsafe.SizeOf<NvmlFabricInfoV2>(),
                Offset<NvmlFabricInfoV2>(nameof(NvmlFabricInfoV2.State)),
                Offset<NvmlFabricInfoV2>(nameof(NvmlFabricInfoV2.HealthMask)),
                NvmlVersion.Of<NvmlFabricInfoV2>(2),
                Unsafe.SizeOf<NvmlDeviceAttributes>(),
                Offset<NvmlDeviceAttributes>(nameof(NvmlDeviceAttributes.MemorySizeMebibytes)),
                (long)NvmlReturn.GpuIsLost,
                (long)NvmlReturn.LibraryModuleMismatch,
                1,
                2,
                0,
                1,
                1,
                2,
                3,
                3,
            ],
            printed
        );
    }

    private static long Offset<T>(string field) => Marshal.OffsetOf<T>(field);
}
