using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Registry.Documents;

namespace Torchyard.Registry.Copying;

/// <summary>Entries of the index of a layout.</summary>
internal static class LayoutIndex
{
    /// <summary>An entry, with a name or without.</summary>
    public static OciDescriptor Entry(FetchedManifest manifest, string? name) =>
        new()
        {
            MediaType = manifest.MediaType,
            Digest = manifest.Digest,
            Size = manifest.Content.Length,
            Annotations = name is null ? null : new(StringComparer.Ordinal) { [OciLayout.NameAnnotation] = name },
        };

    /// <summary>An index of artifacts.</summary>
    public static FetchedManifest Of(IReadOnlyList<OciDescriptor> artifacts)
    {
        var content = OciJson.Serialize(new OciIndex { Manifests = artifacts });
        return new FetchedManifest(content, Digest.Of(content), MediaTypes.Index);
    }

    /// <summary>Entries with others in the place of those of the same name, or without a name of the same image.</summary>
    public static IReadOnlyList<OciDescriptor> Add(IReadOnlyList<OciDescriptor> there, IReadOnlyList<OciDescriptor> added) =>
        [
            .. there.Where(entry =>
                added.All(one => NameOf(one) is { } name ? name != NameOf(entry) : NameOf(entry) is not null || one.Digest != entry.Digest)
            ),
            .. added,
        ];

    private static string? NameOf(OciDescriptor entry) => entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation);
}
