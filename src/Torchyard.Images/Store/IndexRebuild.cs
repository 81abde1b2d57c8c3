using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Store;

/// <summary>
/// A lost index.json, made again: the entries that can still be read in it or in its copy, then every manifest among the blobs. Names are
/// in the index alone; an image that was built here says in its labels what it was named then.
/// </summary>
/// <param name="Entries">The entries.</param>
/// <param name="Notes">For people: which image got which name, and which have none.</param>
internal sealed record IndexRebuild(IReadOnlyList<OciDescriptor> Entries, IReadOnlyList<string> Notes)
{
    private const string Title = "org.opencontainers.image.title";
    private const string Version = "org.opencontainers.image.version";

    /// <summary>Makes it from what a layout has.</summary>
    internal static IndexRebuild From(OciLayout layout)
    {
        var manifests = layout.Manifests().ToList();
        var sizes = manifests.ToDictionary(entry => entry.Digest, entry => entry.Size);
        var entries = layout
            .SaveEntries()
            .Where(entry => sizes.TryGetValue(entry.Digest, out var size) && size == entry.Size)
            .DistinctBy(entry => (entry.Digest, NameOf(entry)))
            .DistinctBy(entry => NameOf(entry) ?? entry.Digest.ToString())
            .ToList();
        var notes = new List<string>();
        // The newest of those with the same name was the last to get it.
        foreach (
            var image in manifests
                .Where(entry => entry.MediaType == MediaTypes.Manifest && !IsArtifact(layout, entry.Digest))
                .OrderByDescending(entry => File.GetLastWriteTimeUtc(layout.BlobPath(entry.Digest)))
                .ToList()
        )
        {
            if (entries.Exists(entry => entry.Digest == image.Digest))
            {
                continue;
            }

            var name = LabelledName(layout, image.Digest);
            var free = name is not null && !entries.Exists(entry => NameOf(entry) == name);
            entries.Add(free ? Named(image, name!) : image);
            notes.Add(
                free
                    ? $"image {image.Digest} is named {name} again, as its labels say"
                    : $"image {image.Digest} was found; which name it had is not known: "
                        + "'torchyard images' lists it, 'torchyard rmi' removes it"
            );
        }

        foreach (var referrers in manifests.Where(entry => entry.MediaType == MediaTypes.Index))
        {
            if (
                SubjectOf(layout, referrers.Digest) is { } subject
                && !entries.Exists(entry => NameOf(entry) == ImageText.ReferrersTag(subject))
            )
            {
                entries.Add(Named(referrers, ImageText.ReferrersTag(subject)));
            }
        }

        return new IndexRebuild(entries, notes);
    }

    private static string? NameOf(OciDescriptor entry) => entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation);

    private static OciDescriptor Named(OciDescriptor entry, string name) =>
        entry with
        {
            Annotations = new(StringComparer.Ordinal) { [OciLayout.NameAnnotation] = name },
        };

    private static bool IsArtifact(OciLayout layout, Digest manifest) =>
        Read<OciManifest>(layout, manifest) is not { Subject: null, ArtifactType: null, Config.MediaType: MediaTypes.Config };

    private static string? LabelledName(OciLayout layout, Digest manifest) =>
        Read<OciManifest>(layout, manifest) is { } document
        && Read<OciImageConfiguration>(layout, document.Config.Digest)?.Config?.Labels is { } labels
        && labels.TryGetValue(Title, out var title)
        && labels.TryGetValue(Version, out var version)
        && ImageName.TryParse($"{title}:{version}", out var name)
            ? name.ToString()
            : null;

    /// <summary>The image whose artifacts an index lists; null for an index of something else.</summary>
    private static Digest? SubjectOf(OciLayout layout, Digest index) =>
        Read<OciIndex>(layout, index) is { Manifests: [var first, ..] }
        && Read<OciManifest>(layout, first.Digest) is { Subject: { } subject }
            ? subject.Digest
            : null;

    private static T? Read<T>(OciLayout layout, Digest digest)
        where T : class
    {
        try
        {
            return OciJson.TryDeserialize<T>(layout.ReadDocument(digest)).Value;
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
