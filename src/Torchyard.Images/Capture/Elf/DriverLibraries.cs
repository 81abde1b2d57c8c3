namespace Torchyard.Images.Capture.Elf;

/// <summary>
/// Names of libraries that belong to the NVIDIA driver. They must be of the kernel module's own version, so an image never has them:
/// <c>run --gpus</c> injects those of the machine that it runs on.
/// </summary>
internal static class DriverLibraries
{
    // The lists of libnvidia-container (nvc_info.c) and of the driver's own manifest.
    private static readonly string[] Prefixes =
    [
        "libcuda.so",
        "libcudadebugger.so",
        "libnvidia-",
        "libnvcuvid.so",
        "libnvoptix.so",
        "libnvidia_",
        "libGLX_nvidia.so",
        "libEGL_nvidia.so",
        "libGLESv1_CM_nvidia.so",
        "libGLESv2_nvidia.so",
        "libvdpau_nvidia.so",
        "libnvtegrahv",
    ];

    // Libraries of the CUDA toolkit, which wheels bring themselves and load before those who need them.
    private static readonly string[] ToolkitPrefixes =
    [
        "libcudart",
        "libcublas",
        "libcudnn",
        "libcufft",
        "libcufile",
        "libcupti",
        "libcurand",
        "libcusolver",
        "libcusparse",
        "libnccl",
        "libnvJitLink",
        "libnvrtc",
        "libnvToolsExt",
        "libnvtx",
        "libnvshmem",
        "libnvvm",
        "libnpp",
        "libnvjpeg",
        "libcheckpoint",
        "libnvperf",
        "libpcsamplingutil",
    ];

    /// <summary>True for a library of the driver, by name or because it lies in the directory that only the driver uses.</summary>
    public static bool IsDriver(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return path.StartsWith("/usr/local/nvidia/", StringComparison.Ordinal)
            || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>True for a library of the CUDA toolkit.</summary>
    public static bool IsToolkit(string name) => ToolkitPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}
