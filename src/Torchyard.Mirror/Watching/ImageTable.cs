using Torchyard.Mirror.Store;

namespace Torchyard.Mirror.Watching;

/// <summary>An image that a mirror has.</summary>
internal sealed record ImageRow
{
    /// <summary>Repository and tag, or digest.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of its blobs that are here.</summary>
    public required long Here { get; init; }

    /// <summary>Bytes of its blobs, as its manifests say.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of those that other images have, too.</summary>
    public required long Shared { get; init; }

    /// <summary>True for a copy of another registry's.</summary>
    public required bool IsCopy { get; init; }

    /// <summary>When it was used last.</summary>
    public required DateTimeOffset? Used { get; init; }
}

/// <summary>The images of a mirror, with what they share.</summary>
internal static class ImageTable
{
    private const int MostImages = 500;
    private const int MostLevels = 4;

    /// <summary>Reads it.</summary>
    public static IReadOnlyList<ImageRow> Of(MirrorStore store)
    {
        var images = new List<(string Name, string Repository, ContentDigest Digest, Dictionary<ContentDigest, long> Blobs)>();
        foreach (var repository in store.Repositories.All())
        {
            foreach (var tag in store.Repositories.TagsOf(repository))
            {
                if (images.Count < MostImages && store.Repositories.TagOf(repository, tag) is { } link)
                {
                    var blobs = new Dictionary<ContentDigest, long>();
                    Gather(store, link.Digest, blobs, 0);
                    images.Add(($"{repository}:{tag}", repository, link.Digest, blobs));
                }
            }
        }

        // Two tags of one image share nothing: it is one.
        var owners = images.DistinctBy(image => image.Digest).SelectMany(image => image.Blobs.Keys).CountBy(blob => blob).ToDictionary();
        return
        [
            .. images.Select(image => new ImageRow
            {
                Name = image.Name,
                Bytes = image.Blobs.Values.Sum(),
                Here = image.Blobs.Where(blob => store.Blobs.SizeOf(blob.Key) is not null).Sum(blob => blob.Value),
                Shared = image.Blobs.Where(blob => owners[blob.Key] > 1).Sum(blob => blob.Value),
                IsCopy = store.Repositories.IsCopy(image.Repository),
                Used = store.Blobs.UsedAt(image.Digest),
            }),
        ];
    }

    private static void Gather(MirrorStore store, ContentDigest digest, Dictionary<ContentDigest, long> blobs, int level)
    {
        if (
            level > MostLevels
            || store.Blobs.TryRead(digest, ManifestContent.MostBytes) is not { } content
            || ManifestContent.Read(content).Content is not { } read
        )
        {
            return;
        }

        foreach (var blob in read.Blobs)
        {
            blobs[blob.Digest] = blob.Size;
        }

        foreach (var manifest in read.Manifests)
        {
            Gather(store, manifest.Digest, blobs, level + 1);
        }
    }
}
