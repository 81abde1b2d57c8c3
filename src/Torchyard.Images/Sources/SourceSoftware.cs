using Torchyard.Images.Sbom;

namespace Torchyard.Images.Sources;

/// <summary>What the software bill of materials has of a source.</summary>
/// <param name="Packages">The packages; identifiers are unique.</param>
internal sealed record SourceSoftware(IReadOnlyList<SpdxPackage> Packages)
{
    /// <summary>Licences that SPDX has no identifier for.</summary>
    public IReadOnlyList<SpdxLicense> Licenses { get; init; } = [];
}
