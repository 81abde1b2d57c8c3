namespace Torchyard.Fit.Data;

/// <summary>A GPU that a stack must run on.</summary>
/// <param name="Name">Name for people, e.g. <c>H100</c>.</param>
/// <param name="Capability">Compute capability, e.g. <c>9.0</c>.</param>
/// <param name="Class">Product line.</param>
/// <param name="Brand">NVML's product brand as <c>NVIDIA_REQUIRE_*</c> expressions spell it, e.g. <c>tesla</c>.</param>
public sealed record TargetGpu(string Name, DottedVersion Capability, GpuClass Class, string Brand = "unknown");

/// <summary>One kind of machine that a stack must run on.</summary>
public sealed record FitTarget
{
    /// <summary>Name for people: the host name, or the name in the fleet file.</summary>
    public required string Name { get; init; }

    /// <summary>The different GPUs of the machine; empty for a machine without NVIDIA GPUs.</summary>
    public IReadOnlyList<TargetGpu> Gpus { get; init; } = [];

    /// <summary>NVIDIA kernel driver; null when none is installed or it is not known.</summary>
    public DottedVersion? Driver { get; init; }

    /// <summary>Machine architecture as in wheel tags: <c>x86_64</c> or <c>aarch64</c>.</summary>
    public string Architecture { get; init; } = "x86_64";
}
