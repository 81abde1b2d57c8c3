using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Pulling;

/// <summary>
/// Brings an image from a registry into the store: blobs first, then its manifest, then its name, so that whatever ends it leaves nothing
/// that looks like an image and is none.
/// </summary>
/// <param name="paths">The store, which the caller keeps from being pruned.</param>
/// <param name="connection">The registry.</param>
/// <param name="progress">Told of the work.</param>
public sealed class ImagePull(StorePaths paths, RegistryConnection connection, IProgressSink progress)
{
    // Bytes of a configuration; the store reads no longer ones.
    private const long LargestConfiguration = 16 << 20;

    private readonly OciLayout _layout = new(paths);

    /// <summary>Throws when an image may not come; told the digests of its index and its manifest before anything else is
    /// fetched.</summary>
    public Func<IReadOnlyList<Digest>, CancellationToken, Task>? Approve { get; init; }

    /// <summary>Pulls an image.</summary>
    /// <param name="reference">Which.</param>
    /// <param name="platform">For which machine, where the registry has it for several.</param>
    /// <param name="cancellation">Ends it; finished layers stay, and parts of the others.</param>
    /// <exception cref="TorchyardException">TY6002 to TY6011, TY3005.</exception>
    public async Task<PulledImage> RunAsync(ImageReference reference, ImagePlatform platform, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(platform);
        var client = new ManifestClient(connection, reference.AskedRepository);
        var named = await client.GetAsync(reference.Wanted, cancellation);
        var fetched = await ForPlatformAsync(client, named, platform, reference, cancellation);
        var (manifest, content) = ManifestReader.Read(fetched, connection.Registry, reference.ToString());
        RequireSmallConfiguration(manifest, reference);
        if (Approve is not null)
        {
            await Approve([.. new[] { named.Digest, fetched.Digest }.Distinct()], cancellation);
        }

        _layout.Initialise();
        StoreDirectory.Create(paths.Temporary, StoreDirectory.OwnerOnly);
        var blobs = manifest.Layers.Append(manifest.Config).DistinctBy(blob => blob.Digest).ToList();
        var missing = blobs.Where(blob => !_layout.HasBlob(blob.Digest, blob.Size)).ToList();
        await FetchAsync(reference, missing, cancellation);
        RequireConfiguration(manifest, platform, reference);

        var own = Digest.Of(content);
        _layout.WriteDocument(content, MediaTypes.Manifest);
        var store = new ImageStore(paths);
        Digest? pulled = named.Digest == own ? null : named.Digest;
        var image = reference.StoreName is { } name
            ? await store.NameAsync(own, name, pulled, cancellation)
            : await store.KeepAsync(own, pulled, cancellation);
        return new PulledImage(image, named.Digest)
        {
            Fetched = missing.Count,
            Bytes = missing.Sum(blob => blob.Size),
            There = blobs.Count - missing.Count,
        };
    }

    private async Task<FetchedManifest> ForPlatformAsync(
        ManifestClient client,
        FetchedManifest named,
        ImagePlatform platform,
        ImageReference reference,
        CancellationToken cancellation
    )
    {
        if (named.MediaType is not (MediaTypes.Index or ForeignTypes.DockerList))
        {
            return named;
        }

        var chosen = ManifestReader.Choose(named, platform, connection.Registry, reference.ToString());
        var fetched = await client.GetAsync(chosen.Digest.ToString(), cancellation);
        return fetched.Content.Length == chosen.Size
            ? fetched
            : throw RegistryErrors.WrongContent(
                connection.Registry,
                $"the manifest of {reference} for {platform}",
                $"it has {fetched.Content.Length} bytes, its index says {chosen.Size}"
            );
    }

    private async Task FetchAsync(ImageReference reference, List<OciDescriptor> missing, CancellationToken cancellation)
    {
        if (missing.Count == 0)
        {
            return;
        }

        var settings = connection.Settings;
        using var buffers = new PartBuffers(settings.PartSize, settings.PartsAtOnce);
        var download = new BlobDownload(new BlobSource(connection, reference.AskedRepository), paths, buffers);
        using var task = progress.Begin($"Pulling {reference}", missing.Sum(blob => blob.Size));
        // The largest first: a long one that begins last is waited for alone.
        await Parallel.ForEachAsync(
            missing.OrderByDescending(blob => blob.Size),
            new ParallelOptions { MaxDegreeOfParallelism = settings.BlobsAtOnce, CancellationToken = cancellation },
            async (blob, stop) => await download.FetchAsync(blob, task, stop)
        );
        task.Done($"{Count.Of(missing.Count, "blob")}, {ByteSize.Decimal(missing.Sum(blob => blob.Size))}");
    }

    private void RequireSmallConfiguration(OciManifest manifest, ImageReference reference)
    {
        if (manifest.Config.Size > LargestConfiguration)
        {
            throw RegistryErrors.NotARegistry(
                connection.Registry,
                $"the manifest of {reference}",
                $"its configuration has {ByteSize.Decimal(manifest.Config.Size)}"
            );
        }
    }

    private void RequireConfiguration(OciManifest manifest, ImagePlatform platform, ImageReference reference)
    {
        var (configuration, problem) = OciJson.TryDeserialize<OciImageConfiguration>(_layout.ReadDocument(manifest.Config.Digest));
        if (configuration is null || configuration.Rootfs.DiffIds.Count != manifest.Layers.Count)
        {
            throw RegistryErrors.NotARegistry(
                connection.Registry,
                $"the configuration of {reference}",
                configuration is null ? RegistryErrors.Shown(problem!) : "it names another number of layers than the manifest"
            );
        }

        if (configuration.Os != platform.Os || configuration.Architecture != platform.Architecture)
        {
            progress.Warn(
                RegistryErrors.Shown(
                    $"{reference} is for {configuration.Os}/{configuration.Architecture}, and {platform} was wanted; it has no other"
                )
            );
        }
    }
}
