using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;

namespace Torchyard.Registry.Referrers;

/// <summary>What a layout has attached to an image: the index under the tag that stands for the list.</summary>
internal static class StoredReferrers
{
    /// <summary>Reads it; empty when there is nothing.</summary>
    public static IReadOnlyList<OciDescriptor> Of(OciLayout layout, Digest image)
    {
        var tag = ImageText.ReferrersTag(image);
        return
            layout
                .ReadIndex()
                .Manifests.FirstOrDefault(entry =>
                    entry.MediaType == MediaTypes.Index && entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation) == tag
                )
                is { } list
            ? OciJson.Deserialize<OciIndex>(layout.ReadDocument(list.Digest), $"index {list.Digest}").Manifests
            : [];
    }

    /// <summary>Adds artifacts that came from a registry.</summary>
    public static async Task AddAsync(
        OciLayout layout,
        Digest image,
        IReadOnlyList<OciDescriptor> artifacts,
        string registry,
        CancellationToken cancellation
    )
    {
        var there = Of(layout, image);
        var missing = artifacts.Where(artifact => there.All(entry => entry.Digest != artifact.Digest)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var tag = ImageText.ReferrersTag(image);
        var list = layout.WriteDocument(OciJson.Serialize(new OciIndex { Manifests = [.. there, .. missing] }), MediaTypes.Index) with
        {
            // A stranger's lock says what is in the image, but nothing is made from it.
            Annotations = new(StringComparer.Ordinal) { [OciLayout.NameAnnotation] = tag, [OciLayout.PulledAnnotation] = registry },
        };
        await layout.ChangeIndexAsync(
            entries => [.. entries.Where(entry => entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation) != tag), list],
            cancellation
        );
    }
}
