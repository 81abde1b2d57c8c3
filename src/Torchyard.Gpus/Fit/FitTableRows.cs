using System.Text.Json.Serialization;

namespace Torchyard.Gpus.Fit;

/// <summary>Where a fact comes from.</summary>
/// <param name="Id">Name that rows refer to.</param>
/// <param name="Kind">How good it is: <c>metadata</c>, <c>measured</c>, <c>official</c>, <c>code</c>, <c>log</c>, <c>table</c>.</param>
/// <param name="Title">What it is.</param>
/// <param name="Url">Where it can be read, if it is on the web.</param>
public sealed record FactSource(string Id, string Kind, string Title, string? Url = null);

/// <summary>Minimum driver of a CUDA family by minor-version compatibility.</summary>
public sealed record CudaFamily(int Cuda, DottedVersion MinimumDriver, IReadOnlyList<string> Source, string? Note = null);

/// <summary>Driver that ships with a toolkit on Linux.</summary>
public sealed record CudaToolkit(DottedVersion Toolkit, DottedVersion Driver, IReadOnlyList<string> Source);

/// <summary>Newest CUDA release that drivers of a branch support without further packages.</summary>
public sealed record DriverBranch(int Branch, DottedVersion Cuda, IReadOnlyList<string> Source);

/// <summary>A <c>cuda-compat</c> package: host driver branches and GPU classes that it works on, and the newest known manifest of its release.</summary>
public sealed record ForwardPackage(
    DottedVersion Cuda, string Package, string Manifest, IReadOnlyList<int> Branches, IReadOnlyList<GpuClass> Classes, IReadOnlyList<string> Source, string? Note = null);

/// <summary>
/// A compute capability, the first driver branch that knows it and the last that supports it; and the first driver of that first branch,
/// where it is not all of the branch.
/// </summary>
public sealed record GpuArchitecture(
    DottedVersion Capability, string Name, int? FirstBranch, int? LastBranch, IReadOnlyList<string> Source, bool Tegra = false, DottedVersion? FirstDriver = null);

/// <summary>glibc and CPython of a base system.</summary>
public sealed record BaseSystem(string Id, string Name, DottedVersion Glibc, string Python, IReadOnlyList<string> Source);

/// <summary>A GPU by its product name.</summary>
public sealed record GpuModel(string Id, string Name, DottedVersion Capability, GpuClass Class, string Brand, IReadOnlyList<string> Source)
{
    /// <summary>Other names, lower case with <c>-</c>.</summary>
    public IReadOnlyList<string> Aliases { get => field ?? []; init; }
}

/// <summary>A GPU by its PCI device id.</summary>
public sealed record PciDevice(string Id, string Chip, string Name, DottedVersion Capability, GpuClass Class, IReadOnlyList<string> Source);

/// <summary>One PyTorch release in one build.</summary>
public sealed record TorchBuild
{
    /// <summary>Release, e.g. <c>2.9.1</c>.</summary>
    public required string Torch { get; init; }

    /// <summary>Build and name of its index: <c>cpu</c>, <c>cu128</c>.</summary>
    public required string Build { get; init; }

    /// <summary>CUDA toolkit that it was built with; null for <c>cpu</c>.</summary>
    public DottedVersion? Cuda { get; init; }

    /// <summary><c>stable</c> or <c>experimental</c>, as PyTorch calls it.</summary>
    public required string Status { get; init; }

    /// <summary>True for the build that PyPI has.</summary>
    public bool Pypi { get; init; }

    /// <summary>Compute capabilities with machine code in the x86_64 wheel.</summary>
    public IReadOnlyList<DottedVersion> Arch { get => field ?? []; init; }

    /// <summary>Compute capabilities with PTX in the x86_64 wheel.</summary>
    public IReadOnlyList<DottedVersion> Ptx { get => field ?? []; init; }

    /// <summary>The same for aarch64; null when it is not known whether there is such a wheel.</summary>
    public IReadOnlyList<DottedVersion>? Aarch64 { get; init; }

    /// <summary>PTX in the aarch64 wheel.</summary>
    public IReadOnlyList<DottedVersion> Aarch64Ptx { get => field ?? []; init; }

    /// <summary>CPython versions with wheels.</summary>
    public required IReadOnlyList<string> Python { get; init; }

    /// <summary>CPython versions with wheels that PyTorch calls experimental.</summary>
    public IReadOnlyList<string> PythonExperimental { get => field ?? []; init; }

    /// <summary>glibc that the platform tag asks for (PEP 600).</summary>
    public required DottedVersion Manylinux { get; init; }

    /// <summary>Pinned cuDNN, or null when not recorded.</summary>
    public string? Cudnn { get; init; }

    /// <summary>Pinned NCCL, or null when not recorded.</summary>
    public string? Nccl { get; init; }

    /// <summary>Pinned NVSHMEM, or null when there is none or it is not recorded.</summary>
    public string? Nvshmem { get; init; }

    /// <summary>Pinned cuSPARSELt, or null when there is none or it is not recorded.</summary>
    public string? Cusparselt { get; init; }

    /// <summary>Pinned Triton, or null when there is none or it is not recorded.</summary>
    public string? Triton { get; init; }

    /// <summary>Version of <c>cuda-toolkit[...]</c> that it requires, for builds that take CUDA from there.</summary>
    public string? ToolkitExtras { get; init; }

    /// <summary>Torchvision of the same release.</summary>
    public string? Torchvision { get; init; }

    /// <summary>Torchaudio of the same release.</summary>
    public string? Torchaudio { get; init; }

    /// <summary>The package of a distribution that has this build; null for PyTorch's own wheels.</summary>
    public string? Package { get; init; }

    /// <summary>Ids of the sources.</summary>
    public required IReadOnlyList<string> Source { get; init; }

    /// <summary>Where sources disagree, and which one the row follows.</summary>
    public string? Note { get; init; }

    /// <summary>Local version as wheels of this build have it, e.g. <c>2.9.1+cu128</c>; for a distribution's package its name and the release.</summary>
    [JsonIgnore]
    public string LocalVersion => Package is null ? $"{Torch}+{Build}" : $"{Package} {Torch}";
}
