using System.Text.Json.Serialization;

namespace Torchyard.Fit.Data;

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

/// <summary>
/// A <c>cuda-compat</c> package: host driver branches and GPU classes that it works on, and the newest known manifest of its release.
/// </summary>
public sealed record ForwardPackage
{
    /// <summary>The CUDA release that the package brings, such as 12.4.</summary>
    public required DottedVersion Cuda { get; init; }

    /// <summary>Its name in NVIDIA's repositories, such as <c>cuda-compat-12-4</c>.</summary>
    public required string Package { get; init; }

    /// <summary>Newest known release manifest of NVIDIA's redistributable index that has it, such as <c>12.4.1</c>.</summary>
    public required string Manifest { get; init; }

    /// <summary>Driver branches of the host that it works on.</summary>
    public required IReadOnlyList<int> Branches { get; init; }

    /// <summary>GPU classes that it works on.</summary>
    public required IReadOnlyList<GpuClass> Classes { get; init; }

    /// <summary>Ids of <see cref="FitTables.Sources"/>.</summary>
    public required IReadOnlyList<string> Source { get; init; }

    /// <summary>What a reader should know besides; null for nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>
/// A compute capability, the first driver branch that knows it and the last that supports it, and what else follows from it.
/// </summary>
public sealed record GpuArchitecture
{
    /// <summary>The compute capability.</summary>
    public required DottedVersion Capability { get; init; }

    /// <summary>Name of the architecture, such as <c>Hopper</c>.</summary>
    public required string Name { get; init; }

    /// <summary>First driver branch that knows it; null for no lower limit.</summary>
    public int? FirstBranch { get; init; }

    /// <summary>Last driver branch that supports it; null for no upper limit.</summary>
    public int? LastBranch { get; init; }

    /// <summary>Ids of <see cref="FitTables.Sources"/>.</summary>
    public required IReadOnlyList<string> Source { get; init; }

    /// <summary>True for the GPUs of Jetson and DRIVE modules.</summary>
    public bool Tegra { get; init; }

    /// <summary>
    /// First driver of <see cref="FirstBranch"/> whose device list names such a GPU; advice, since a driver before it may do. Null where
    /// the first driver of the branch does.
    /// </summary>
    public DottedVersion? ListedFrom { get; init; }

    /// <summary>True when only data-centre products have it.</summary>
    public bool DataCentreOnly { get; init; }

    /// <summary>The only architecture of the machines that have such a GPU, such as <c>aarch64</c>; null when there are several.</summary>
    public string? Host { get; init; }
}

/// <summary>glibc and CPython of a base system.</summary>
public sealed record BaseSystem
{
    /// <summary>As recipes write it, such as <c>debian:13</c>.</summary>
    public required string Id { get; init; }

    /// <summary>For people: <c>Debian 13 trixie</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its glibc.</summary>
    public required DottedVersion Glibc { get; init; }

    /// <summary>Its own CPython, such as <c>3.13</c>.</summary>
    public required string Python { get; init; }

    /// <summary>Ids of <see cref="FitTables.Sources"/>.</summary>
    public required IReadOnlyList<string> Source { get; init; }
}

/// <summary>A GPU by its product name.</summary>
public sealed record GpuModel
{
    /// <summary>Name in lower case, as <c>--gpu</c> takes it.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Compute capability.</summary>
    public required DottedVersion Capability { get; init; }

    /// <summary>Product line.</summary>
    public required GpuClass Class { get; init; }

    /// <summary>NVML's product brand, as <c>NVIDIA_REQUIRE_*</c> expressions spell it.</summary>
    public required string Brand { get; init; }

    /// <summary>Ids of <see cref="FitTables.Sources"/>.</summary>
    public required IReadOnlyList<string> Source { get; init; }

    /// <summary>The only architecture of the machines that have it, such as <c>aarch64</c>; null for several.</summary>
    public string? Host { get; init; }

    /// <summary>Other names, lower case with <c>-</c>.</summary>
    public IReadOnlyList<string> Aliases
    {
        get => field ?? [];
        init;
    }
}

/// <summary>A GPU by its PCI device id.</summary>
public sealed record PciDevice
{
    /// <summary>Device id of vendor 10de: four hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>The chip, such as <c>GH100</c>.</summary>
    public required string Chip { get; init; }

    /// <summary>Product name.</summary>
    public required string Name { get; init; }

    /// <summary>Compute capability, which follows from the chip.</summary>
    public required DottedVersion Capability { get; init; }

    /// <summary>Product line.</summary>
    public required GpuClass Class { get; init; }

    /// <summary>Ids of <see cref="FitTables.Sources"/>.</summary>
    public required IReadOnlyList<string> Source { get; init; }
}

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
    public IReadOnlyList<DottedVersion> Arch
    {
        get => field ?? [];
        init;
    }

    /// <summary>Compute capabilities with PTX in the x86_64 wheel.</summary>
    public IReadOnlyList<DottedVersion> Ptx
    {
        get => field ?? [];
        init;
    }

    /// <summary>The same for aarch64; null when it is not known whether there is such a wheel.</summary>
    public IReadOnlyList<DottedVersion>? Aarch64 { get; init; }

    /// <summary>PTX in the aarch64 wheel.</summary>
    public IReadOnlyList<DottedVersion> Aarch64Ptx
    {
        get => field ?? [];
        init;
    }

    /// <summary>CPython versions with wheels.</summary>
    public required IReadOnlyList<string> Python { get; init; }

    /// <summary>CPython versions with wheels that PyTorch calls experimental.</summary>
    public IReadOnlyList<string> PythonExperimental
    {
        get => field ?? [];
        init;
    }

    /// <summary>Of these, the ones that have no wheel for aarch64.</summary>
    public IReadOnlyList<string> Aarch64Without
    {
        get => field ?? [];
        init;
    }

    /// <summary>glibc that the platform tag of the x86_64 wheel asks for (PEP 600).</summary>
    public required DottedVersion Manylinux { get; init; }

    /// <summary>The same of the aarch64 wheel, where it differs.</summary>
    public DottedVersion? ManylinuxAarch64 { get; init; }

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

    /// <summary>Why a part of the row is taken from another, of a build that no table knows; null for a row of the table.</summary>
    [JsonIgnore]
    public string? Inferred { get; init; }

    /// <summary>True when the publisher took every wheel back.</summary>
    [JsonIgnore]
    public bool IsYanked { get; init; }

    /// <summary>glibc that the wheel for an architecture asks for.</summary>
    public DottedVersion GlibcOf(string architecture) => architecture == "aarch64" ? ManylinuxAarch64 ?? Manylinux : Manylinux;

    /// <summary>True when the interpreter has a wheel for an architecture, be it an experimental one.</summary>
    public bool HasPython(string python, string architecture) =>
        (Python.Contains(python, StringComparer.Ordinal) || PythonExperimental.Contains(python, StringComparer.Ordinal))
        && !(architecture == "aarch64" && Aarch64Without.Contains(python, StringComparer.Ordinal));

    /// <summary>
    /// Local version as wheels of this build have it, e.g. <c>2.9.1+cu128</c>; for a distribution's package its name and the release.
    /// </summary>
    [JsonIgnore]
    public string LocalVersion => Package is null ? $"{Torch}+{Build}" : $"{Package} {Torch}";
}

/// <summary>A release of a project that goes with PyTorch.</summary>
/// <param name="Project">Normalised name.</param>
/// <param name="Release">The release.</param>
/// <param name="Python">CPython versions that have wheels of it.</param>
/// <param name="Source">Ids of the sources.</param>
public sealed record Companion(string Project, string Release, IReadOnlyList<string> Python, IReadOnlyList<string> Source);
