namespace Torchyard.Packages.Nvidia;

/// <summary>A CUDA release whose forward-compatibility libraries would do.</summary>
/// <param name="Cuda">The release, e.g. <c>13.1</c>.</param>
/// <param name="Manifest">Newest manifest of it that is known, e.g. <c>13.1.2</c>; the index may have newer ones.</param>
/// <param name="Branch">Driver branch of the release, e.g. <c>590</c>.</param>
public sealed record CudaCompatRelease(string Cuda, string Manifest, int Branch);
