namespace Torchyard.Recipes.Settings;

/// <summary>
/// <c>[cuda-compat]</c> of a recipe: NVIDIA's forward-compatibility libraries, with which data-centre GPUs run a newer CUDA family than
/// their driver knows. They come from NVIDIA's redistributable index for CUDA, and only into images whose machines need them.
/// </summary>
public sealed record CudaCompatSettings
{
    /// <summary>
    /// The licence, as <c>license_path</c> of the index's manifests names it; the manifests call it that of the toolkit or of the driver.
    /// </summary>
    public const string LicenseUrl = "https://developer.download.nvidia.com/compute/cuda/redist/cuda_compat/LICENSE.txt";

    /// <summary>The author of the recipe accepts NVIDIA's licence of the libraries.</summary>
    public bool AcceptLicense { get; init; }

    /// <summary>CUDA release whose libraries are taken, e.g. <c>13.1</c>; null to have it chosen.</summary>
    public string? Release { get; init; }

    /// <summary>Mirrors of NVIDIA's redistributable index by URL, tried in order; empty: NVIDIA's own.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>The archive as a file of this machine, or the directory that has it, relative to the recipe; null to fetch it.</summary>
    public string? Archive { get; init; }
}
