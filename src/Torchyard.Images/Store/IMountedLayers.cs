using Torchyard.Images.Oci;
using Torchyard.Platform.Reporting;

namespace Torchyard.Images.Store;

/// <summary>The mounted form of layers: a directory for each, ready to be an overlay lower directory.</summary>
public interface IMountedLayers
{
    /// <summary>
    /// Makes sure that every layer of the image is extracted, and gives their directories, top first, as overlayfs wants them.
    /// Extraction checks the blob's digest and the diff id; a damaged blob fails with TY3xxx.
    /// </summary>
    Task<IReadOnlyList<string>> EnsureAsync(StoredImage image, IProgressSink progress, CancellationToken cancellation);
}
