namespace Torchyard.Recipes.Settings;

/// <summary>
/// <c>[cudnn]</c> of a recipe: NVIDIA's cuDNN for the packages of Debian that are linked against it. Debian does not distribute it; its
/// package
/// <c>nvidia-cudnn</c> fetches it from NVIDIA once its licence is agreed to, and so does the build.
/// </summary>
public sealed record CudnnSettings
{
    /// <summary>NVIDIA's licence of cuDNN, as <c>license_path</c> of the index's manifests names it.</summary>
    public const string LicenseUrl = "https://developer.download.nvidia.com/compute/cudnn/redist/cudnn/LICENSE.txt";

    /// <summary>The author of the recipe accepts NVIDIA's licence of cuDNN.</summary>
    public bool AcceptLicense { get; init; }

    /// <summary>Release, e.g. <c>9.0.0.312</c>; null for that of Debian's <c>nvidia-cudnn</c>.</summary>
    public string? Version { get; init; }

    /// <summary>Mirrors of NVIDIA's redistributable index by URL, tried in order; empty: NVIDIA's own.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>The archive as a file of this machine, or the directory that has it, relative to the recipe; null to fetch it.</summary>
    public string? Archive { get; init; }
}
