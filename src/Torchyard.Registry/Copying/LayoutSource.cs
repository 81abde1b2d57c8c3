using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Copying;

/// <summary>
/// A layout of the OCI (image-spec, image-layout.md), in a directory or in an archive. Somebody else wrote it: what is read is bounded, and
/// compared with its digest.
/// </summary>
/// <param name="files">Its files.</param>
/// <param name="place">What people call it.</param>
/// <param name="tag">Which of its images; null for its only one.</param>
internal sealed class LayoutSource(ILayoutFiles files, string place, string? tag) : IImageSource
{
    private const int MostBytes = 16 << 20;

    private OciIndex? _index;

    private OciIndex Index
    {
        get
        {
            if (_index is not null)
            {
                return _index;
            }

            var content = files.TryRead("index.json", MostBytes)
                ?? throw CopyErrors.NotThere(place, "it has no index.json", "check the path: it is a layout of the OCI that is wanted");
            var (index, problem) = OciJson.TryDeserialize<OciIndex>(content);
            return _index = index ?? throw CopyErrors.Damaged(place, $"index.json {RegistryErrors.Shown(problem!)}");
        }
    }

    public string Name => place;

    /// <summary>Where a layout has a blob.</summary>
    public static string PathOf(Digest digest) => "blobs/sha256/" + digest.Hex;

    public Task<FetchedManifest> NamedAsync(CancellationToken cancellation) =>
        Task.FromResult(TryRead(Entry()) ?? throw CopyErrors.Damaged(place, "the manifest that index.json names is missing"));

    public Task<FetchedManifest?> TryManifestAsync(Digest digest, CancellationToken cancellation) => Task.FromResult(TryRead(digest, null));

    public Task<FetchedManifest?> TryTagAsync(string tag, CancellationToken cancellation) =>
        Task.FromResult(Index.Manifests.FirstOrDefault(entry => NameOf(entry) == tag) is { } entry ? TryRead(entry) : null);

    public Task<IReadOnlyList<OciDescriptor>> ReferrersAsync(Digest subject, CancellationToken cancellation)
    {
        var tag = ImageText.ReferrersTag(subject);
        return Task.FromResult(
            Index.Manifests.FirstOrDefault(entry => NameOf(entry) == tag) is { } list
            && TryRead(list) is { MediaType: MediaTypes.Index } fetched
            && OciJson.TryDeserialize<OciIndex>(fetched.Content).Value is { } index
                ? index.Manifests
                : []
        );
    }

    public Stream Open(OciDescriptor blob, long from) =>
        from > 0 ? Raw(blob, from) : new VerifiedStream(() => Raw(blob, 0), blob, why => CopyErrors.Damaged(place, why));

    public void Dispose() => files.Dispose();

    private Stream Raw(OciDescriptor blob, long from) =>
        files.TryOpen(PathOf(blob.Digest), from) ?? throw CopyErrors.Damaged(place, $"blob {blob.Digest} is missing");

    private OciDescriptor Entry()
    {
        // What is attached to images has tags of its own, by a convention of the specification and by cosign's.
        var images = Index.Manifests.Where(entry => NameOf(entry) is not { } name || !name.StartsWith("sha256-", StringComparison.Ordinal));
        var found =
            tag is null ? images.ToList()
            : Digest.TryParse(tag, out var digest) ? [.. Index.Manifests.Where(entry => entry.Digest == digest).Take(1)]
            : images.Where(entry => NameOf(entry) == tag).ToList();
        var names = string.Join(", ", images.Select(NameOf).OfType<string>().Select(RegistryErrors.Shown).Take(20));
        return found switch
        {
            [var only] => only,
            [] => throw CopyErrors.NotThere(
                place,
                tag is null ? "it is empty" : $"none is named '{RegistryErrors.Shown(tag)}'",
                names.Length > 0 ? $"name one of these behind a colon: {names}" : "copy an image into it first"
            ),
            _ => throw CopyErrors.NotThere(
                place,
                "it has several, and none is named",
                names.Length > 0 ? $"name one behind a colon: {names}" : "name one by its digest behind a colon"
            ),
        };
    }

    private FetchedManifest? TryRead(OciDescriptor entry) => TryRead(entry.Digest, entry.MediaType);

    private FetchedManifest? TryRead(Digest digest, string? said)
    {
        if (files.TryRead(PathOf(digest), MostBytes) is not { } content)
        {
            return null;
        }

        return Digest.Of(content) == digest && ManifestReader.TypeOf(content, said) is { } type
            ? new FetchedManifest(content, digest, type)
            : throw CopyErrors.Damaged(place, $"manifest {digest} has other content than its digest says");
    }

    private static string? NameOf(OciDescriptor entry) => entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation);
}
