using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Torchyard.Fit.Data;

/// <summary>
/// The facts that fits are decided on: the data files of <c>Fit/Data</c>, read from the binary. A wheel's own METADATA,
/// where there is one, beats them.
/// </summary>
public sealed class FitTables
{
    private static readonly Lazy<FitTables> Embedded = new(() => new FitTables());

    private FitTables()
    {
        Sources = Read("sources.json", FitTablesJson.Default.SourceFile).Sources.ToDictionary(row => row.Id, StringComparer.Ordinal);
        Families = Read("cuda-families.json", FitTablesJson.Default.FamilyFile).Families;
        Toolkits = Read("cuda-toolkits.json", FitTablesJson.Default.ToolkitFile).Toolkits;
        Branches = [.. Read("driver-branches.json", FitTablesJson.Default.BranchFile).Branches.OrderBy(row => row.Branch)];
        Forward = Read("forward-compatibility.json", FitTablesJson.Default.ForwardFile).Packages;
        Architectures = Read("architectures.json", FitTablesJson.Default.ArchitectureFile).Architectures;
        var torch = Read("torch-builds.json", FitTablesJson.Default.TorchFile);
        TorchIndex = torch.Index;
        AsOf = torch.AsOf;
        Builds = torch.Builds;
        DebianBuilds = Read("debian-builds.json", FitTablesJson.Default.DebianFile).Builds;
        Systems = Read("base-systems.json", FitTablesJson.Default.SystemFile).Systems;
        Models = Read("gpu-models.json", FitTablesJson.Default.ModelFile).Models;
        Devices = Read("pci-devices.json", FitTablesJson.Default.DeviceFile)
            .Devices.ToDictionary(row => row.Id, StringComparer.OrdinalIgnoreCase);
        Companions = Read("companions.json", FitTablesJson.Default.CompanionFile)
            .Companions.ToDictionary(row => (row.Project, row.Release), row => row);
        Names = new GpuNames(Models, Devices.Values);
    }

    /// <summary>The tables of this program.</summary>
    public static FitTables Default => Embedded.Value;

    /// <summary>Where facts come from, by id.</summary>
    public IReadOnlyDictionary<string, FactSource> Sources { get; private init; }

    /// <summary>CUDA families with their minimum drivers.</summary>
    public IReadOnlyList<CudaFamily> Families { get; }

    /// <summary>CUDA toolkits with the drivers that ship with them.</summary>
    public IReadOnlyList<CudaToolkit> Toolkits { get; }

    /// <summary>Driver branches, oldest first.</summary>
    public IReadOnlyList<DriverBranch> Branches { get; }

    /// <summary>Forward-compatibility packages.</summary>
    public IReadOnlyList<ForwardPackage> Forward { get; }

    /// <summary>GPU architectures.</summary>
    public IReadOnlyList<GpuArchitecture> Architectures { get; }

    /// <summary>PyTorch builds that are wheels.</summary>
    public IReadOnlyList<TorchBuild> Builds { get; private init; }

    /// <summary>PyTorch builds with CUDA that are packages of Debian: chosen only by name, since they come with the base system.</summary>
    public IReadOnlyList<TorchBuild> DebianBuilds { get; }

    /// <summary>The day on which the builds were last compared with the indexes, as YYYY-MM-DD.</summary>
    public string AsOf { get; private init; }

    /// <summary>Releases of the projects that go with PyTorch, by project and release.</summary>
    public IReadOnlyDictionary<(string Project, string Release), Companion> Companions { get; }

    /// <summary>GPUs by the names that people write.</summary>
    internal GpuNames Names { get; }

    /// <summary>URL below which every build has its index.</summary>
    public string TorchIndex { get; }

    /// <summary>Base systems.</summary>
    public IReadOnlyList<BaseSystem> Systems { get; }

    /// <summary>GPU models by name.</summary>
    public IReadOnlyList<GpuModel> Models { get; }

    /// <summary>PCI devices of vendor 10de by id of four hex digits.</summary>
    public IReadOnlyDictionary<string, PciDevice> Devices { get; }

    /// <summary>
    /// Newest CUDA release that a driver supports: that of its branch, or of the branch before it when it is not in the table.
    /// </summary>
    public DriverBranch? BranchOf(DottedVersion driver) => Branches.LastOrDefault(row => row.Branch <= driver.Major);

    /// <summary>Driver branch of a CUDA release: the first that supports it.</summary>
    public DriverBranch? BranchFor(DottedVersion cuda) => Branches.FirstOrDefault(row => row.Cuda >= cuda.MajorMinor);

    /// <summary>
    /// The GPU model of a name such as <c>h100</c>, <c>H100-SXM5</c> or <c>NVIDIA A100-SXM4-80GB</c>; null when it is not known.
    /// </summary>
    public GpuModel? FindModel(string name) => Names.Model(name);

    /// <summary>
    /// A release of a project that goes with PyTorch, where the interpreter has a wheel of it; null where it has none. What no table
    /// knows stays.
    /// </summary>
    public string? CompanionFor(string project, string? release, string python) =>
        release is null || (Companions.TryGetValue((project, release), out var row) && !row.Python.Contains(python, StringComparer.Ordinal))
            ? null
            : release;

    /// <summary>The same facts with other builds.</summary>
    /// <param name="builds">The builds.</param>
    /// <param name="source">Where they are from.</param>
    /// <param name="asOf">The day on which they were.</param>
    internal FitTables With(IReadOnlyList<TorchBuild> builds, FactSource source, string asOf) =>
        new(this)
        {
            Builds = builds,
            Sources = new Dictionary<string, FactSource>(Sources, StringComparer.Ordinal) { [source.Id] = source },
            AsOf = asOf,
        };

    private FitTables(FitTables other)
    {
        Sources = other.Sources;
        Families = other.Families;
        Toolkits = other.Toolkits;
        Branches = other.Branches;
        Forward = other.Forward;
        Architectures = other.Architectures;
        TorchIndex = other.TorchIndex;
        AsOf = other.AsOf;
        Builds = other.Builds;
        DebianBuilds = other.DebianBuilds;
        Systems = other.Systems;
        Models = other.Models;
        Devices = other.Devices;
        Companions = other.Companions;
        Names = other.Names;
    }

    private static T Read<T>(string name, JsonTypeInfo<T> type)
    {
        using var stream = typeof(FitTables).Assembly.GetManifestResourceStream("fit." + name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        return JsonSerializer.Deserialize(stream, type) ?? throw new InvalidOperationException($"{name} is empty");
    }
}
