using Torchyard.Platform.Files;

namespace Torchyard.Mirror.Store;

/// <summary>All that a mirror keeps, in one directory that one mirror at a time uses.</summary>
internal sealed class MirrorStore : IDisposable
{
    private readonly FileLock _held;

    private MirrorStore(string root, FileLock held, TimeProvider clock)
    {
        (Root, _held) = (root, held);
        Blobs = new BlobStore(root, clock);
        Repositories = new Repositories(root, clock);
        Uploads = new Uploads(root, Blobs, clock);
    }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>Content.</summary>
    public BlobStore Blobs { get; }

    /// <summary>What links it.</summary>
    public Repositories Repositories { get; }

    /// <summary>What is being sent.</summary>
    public Uploads Uploads { get; }

    /// <summary>
    /// Held while the last links to content are removed, and while a manifest is linked: what it names is there at the end of both.
    /// </summary>
    public Lock Linking { get; } = new();

    /// <summary>Opens it; null when another mirror has it.</summary>
    public static MirrorStore? TryOpen(string root, TimeProvider clock)
    {
        StoreDirectory.Create(root, StoreDirectory.OwnerOnly);
        return FileLock.TryAcquire(Path.Combine(root, "lock"), exclusive: true) is { } held ? new MirrorStore(root, held, clock) : null;
    }

    /// <summary>Links a manifest of a repository, with all that it names.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="digest">Their digest.</param>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="read">What it says.</param>
    public void AddManifest(string repository, byte[] content, ContentDigest digest, string mediaType, ManifestContent read)
    {
        Blobs.Write(content, digest);
        if (Repositories.IsCopy(repository))
        {
            // Sizes of what is not here yet, so that a client is told them without a word to the other registry.
            foreach (var blob in read.Blobs)
            {
                Repositories.AddBlob(repository, blob.Digest, blob.Size);
            }
        }

        if (read.Subject is { } subject)
        {
            Repositories.AddReferrer(repository, subject, digest);
        }

        Repositories.AddManifest(repository, digest, mediaType);
    }

    /// <summary>Removes a manifest of a repository.</summary>
    /// <returns>False when there was none.</returns>
    public bool RemoveManifest(string repository, ContentDigest digest)
    {
        if (
            Blobs.TryRead(digest, ManifestContent.MostBytes) is { } content
            && ManifestContent.Read(content).Content is { Subject: { } subject }
        )
        {
            Repositories.RemoveReferrer(repository, subject, digest);
        }

        return Repositories.RemoveManifest(repository, digest);
    }

    /// <inheritdoc />
    public void Dispose() => _held.Dispose();
}
