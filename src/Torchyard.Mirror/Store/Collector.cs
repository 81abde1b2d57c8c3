namespace Torchyard.Mirror.Store;

/// <summary>
/// Removes what nothing links any more; and, above the quota, copies of other registries' images, those first that were not used for the
/// longest time. What a kept image links stays, and so does what was pushed: nobody could fetch it again.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="clock">The clock.</param>
/// <param name="quota">Bytes that the blobs may have; null for no limit.</param>
internal sealed class Collector(MirrorStore store, TimeProvider clock, long? quota)
{
    // Between a client's look for a blob, or its upload, and the manifest that links it.
    private static readonly TimeSpan OfPushes = TimeSpan.FromHours(24);

    // Between the manifest of a copy and its layers, which are fetched now.
    private static readonly TimeSpan OfCopies = TimeSpan.FromMinutes(1);

    /// <summary>Removes what may go.</summary>
    /// <param name="wanted">Bytes that are to come.</param>
    /// <returns>Bytes that were removed.</returns>
    public long Run(long wanted = 0)
    {
        var now = clock.GetUtcNow();
        var graph = ContentGraph.Read(store);
        var over = quota is { } most ? store.Blobs.Bytes + wanted - most : 0;
        if (over > 0)
        {
            Evict(graph, over);
        }

        var pushed = store
            .Repositories.All()
            .Where(repository => !store.Repositories.IsCopy(repository))
            .SelectMany(store.Repositories.BlobsOf)
            .ToHashSet();
        long freed = 0;
        foreach (var blob in store.Blobs.All().Where(blob => !graph.IsLinked(blob.Digest)))
        {
            lock (store.Linking)
            {
                // Again under the lock: somebody may have come for it.
                var grace = pushed.Contains(blob.Digest) ? OfPushes : OfCopies;
                if (store.Blobs.UsedAt(blob.Digest) is { } used && used < now - grace)
                {
                    freed += store.Blobs.Remove(blob.Digest);
                }
            }
        }

        store.Uploads.RemoveOld();
        store.Blobs.RemoveUnfinished();
        return freed;
    }

    private void Evict(ContentGraph graph, long over)
    {
        var free = graph.UnlinkedBytes;
        foreach (var copy in graph.Copies.OrderBy(copy => copy.Used).ToList())
        {
            if (free >= over)
            {
                return;
            }

            lock (store.Linking)
            {
                foreach (var manifest in copy.Manifests)
                {
                    store.RemoveManifest(copy.Repository, manifest);
                }
            }

            free += graph.Remove(copy);
        }
    }
}
