using Torchyard.Images.Comparing;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;

namespace Torchyard.Flows.Assembling;

/// <summary>The image that had a name before a build gives it to another.</summary>
/// <param name="store">The images.</param>
/// <param name="before">The image.</param>
internal sealed class ReplacedImage(ImageStore store, StoredImage before)
{
    /// <summary>The one that has a name now; null when none has, or it cannot be read.</summary>
    public static ReplacedImage? Of(StorePaths paths, string name)
    {
        var store = new ImageStore(paths);
        try
        {
            return store.Find(name) is { } image && image.Names.Contains(name, StringComparer.Ordinal)
                ? new ReplacedImage(store, image)
                : null;
        }
        catch (TorchyardException)
        {
            // A build goes on where there is nothing to compare with.
            return null;
        }
    }

    /// <summary>Says what the new image has otherwise, and how to see it whole.</summary>
    public void Tell(StoredImage after, IProgressSink progress)
    {
        if (after.Manifest == before.Manifest)
        {
            return;
        }

        var name = after.Names is [var first, ..] ? first : after.Manifest.Hex[..12];
        progress.Note(
            $"against the image before: {ImageDifference.Between(store, before, after).Summary()}; "
                + $"'torchyard diff {before.Manifest.Hex[..12]} {name}' shows it"
        );
    }
}
