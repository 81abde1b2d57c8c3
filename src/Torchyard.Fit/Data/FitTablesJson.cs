using System.Text.Json.Serialization;

namespace Torchyard.Fit.Data;

internal sealed record SourceFile(IReadOnlyList<FactSource> Sources);

internal sealed record FamilyFile(IReadOnlyList<CudaFamily> Families);

internal sealed record ToolkitFile(IReadOnlyList<CudaToolkit> Toolkits);

internal sealed record BranchFile(IReadOnlyList<DriverBranch> Branches);

internal sealed record ForwardFile(IReadOnlyList<ForwardPackage> Packages);

internal sealed record ArchitectureFile(IReadOnlyList<GpuArchitecture> Architectures);

internal sealed record TorchFile(string AsOf, string Index, IReadOnlyList<TorchBuild> Builds);

internal sealed record CompanionFile(IReadOnlyList<Companion> Companions);

internal sealed record DebianFile(IReadOnlyList<TorchBuild> Builds);

internal sealed record SystemFile(IReadOnlyList<BaseSystem> Systems);

internal sealed record ModelFile(IReadOnlyList<GpuModel> Models);

internal sealed record DeviceFile(IReadOnlyList<PciDevice> Devices);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SourceFile))]
[JsonSerializable(typeof(FamilyFile))]
[JsonSerializable(typeof(ToolkitFile))]
[JsonSerializable(typeof(BranchFile))]
[JsonSerializable(typeof(ForwardFile))]
[JsonSerializable(typeof(ArchitectureFile))]
[JsonSerializable(typeof(TorchFile))]
[JsonSerializable(typeof(CompanionFile))]
[JsonSerializable(typeof(DebianFile))]
[JsonSerializable(typeof(SystemFile))]
[JsonSerializable(typeof(ModelFile))]
[JsonSerializable(typeof(DeviceFile))]
internal sealed partial class FitTablesJson : JsonSerializerContext;
