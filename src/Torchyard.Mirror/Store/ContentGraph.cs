namespace Torchyard.Mirror.Store;

/// <summary>What links what, counted: which content no repository needs, and what would become so.</summary>
internal sealed class ContentGraph
{
    private readonly Dictionary<ContentDigest, int> _links = [];
    private readonly Dictionary<ContentDigest, long> _sizes;
    private readonly List<CopiedImage> _copies = [];

    private ContentGraph(MirrorStore store)
    {
        var blobs = store.Blobs.All().ToList();
        _sizes = blobs.ToDictionary(blob => blob.Digest, blob => blob.Size);
        var used = blobs.ToDictionary(blob => blob.Digest, blob => blob.Used);
        foreach (var repository in store.Repositories.All())
        {
            Add(store, repository, used);
        }
    }

    /// <summary>Images of other registries, whole: an index with its manifests.</summary>
    public IReadOnlyList<CopiedImage> Copies => _copies;

    /// <summary>Bytes that nothing links.</summary>
    public long UnlinkedBytes => _sizes.Where(blob => !IsLinked(blob.Key)).Sum(blob => blob.Value);

    /// <summary>Reads all manifests of a store.</summary>
    public static ContentGraph Read(MirrorStore store) => new(store);

    /// <summary>True for content that a repository links.</summary>
    public bool IsLinked(ContentDigest digest) => _links.GetValueOrDefault(digest) > 0;

    /// <summary>Counts an image as gone.</summary>
    /// <returns>Bytes that nothing links now.</returns>
    public long Remove(CopiedImage copy)
    {
        long freed = 0;
        foreach (var digest in copy.Links)
        {
            if (--_links[digest] == 0)
            {
                freed += _sizes.GetValueOrDefault(digest);
            }
        }

        return freed;
    }

    private void Add(MirrorStore store, string repository, Dictionary<ContentDigest, DateTimeOffset> used)
    {
        var manifests = new Dictionary<ContentDigest, ManifestContent>();
        foreach (var digest in store.Repositories.ManifestsOf(repository))
        {
            if (store.Blobs.TryRead(digest, ManifestContent.MostBytes) is { } content && ManifestContent.Read(content).Content is { } read)
            {
                manifests[digest] = read;
            }
        }

        var parents = manifests
            .Values.SelectMany(one => one.Manifests.Select(link => link.Digest).Distinct())
            .CountBy(child => child)
            .ToDictionary();
        foreach (var (digest, read) in manifests)
        {
            foreach (var linked in LinksOf(digest, read))
            {
                _links[linked] = _links.GetValueOrDefault(linked) + 1;
            }
        }

        if (!store.Repositories.IsCopy(repository))
        {
            return;
        }

        foreach (var (digest, _) in manifests.Where(one => !parents.ContainsKey(one.Key)))
        {
            var all = new List<ContentDigest> { digest };
            Gather(digest, manifests, parents, all);
            _copies.Add(
                new CopiedImage(
                    repository,
                    all,
                    [.. all.SelectMany(one => LinksOf(one, manifests[one]))],
                    all.Max(one => used.GetValueOrDefault(one))
                )
            );
        }
    }

    /// <summary>What goes with an index. A manifest of two of them stays until the second one has gone.</summary>
    private static void Gather(
        ContentDigest index,
        Dictionary<ContentDigest, ManifestContent> manifests,
        Dictionary<ContentDigest, int> parents,
        List<ContentDigest> all
    )
    {
        foreach (var child in manifests[index].Manifests.Select(link => link.Digest).Distinct())
        {
            if (manifests.ContainsKey(child) && parents[child] == 1 && !all.Contains(child))
            {
                all.Add(child);
                Gather(child, manifests, parents, all);
            }
        }
    }

    private static IEnumerable<ContentDigest> LinksOf(ContentDigest digest, ManifestContent read) =>
        read.Blobs.Select(link => link.Digest).Append(digest).Distinct();
}

/// <summary>An image of another registry.</summary>
/// <param name="Repository">In which repository.</param>
/// <param name="Manifests">Its manifests, the outermost first.</param>
/// <param name="Links">All that they link; what several of them link stands here several times.</param>
/// <param name="Used">When one of its manifests was used last.</param>
internal sealed record CopiedImage(
    string Repository,
    IReadOnlyList<ContentDigest> Manifests,
    IReadOnlyList<ContentDigest> Links,
    DateTimeOffset Used
);
