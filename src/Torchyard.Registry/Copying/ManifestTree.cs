using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Copying;

/// <summary>A manifest, or an index with the manifests that it names, as the target gets them.</summary>
/// <param name="Content">The document.</param>
/// <param name="Original">Its digest in the source.</param>
/// <param name="Blobs">Configuration and layers; none for an index.</param>
/// <param name="Children">The manifests of an index.</param>
internal sealed record ManifestTree(
    FetchedManifest Content,
    Digest Original,
    IReadOnlyList<OciDescriptor> Blobs,
    IReadOnlyList<ManifestTree> Children
)
{
    /// <summary>This and all below, those that are named before those that name them.</summary>
    public IEnumerable<ManifestTree> Bottom => Children.SelectMany(child => child.Bottom).Append(this);
}

/// <summary>Reads manifests of a source; however a stranger nests them, there is an end.</summary>
/// <param name="source">The source.</param>
/// <param name="keepsDocker">False when docker's documents become the OCI's.</param>
internal sealed class ManifestTreeReader(IImageSource source, bool keepsDocker)
{
    private const int MostManifests = 1000;

    private int _count;

    /// <summary>Reads the image for a machine.</summary>
    /// <exception cref="TorchyardException">TY6010: there is none; TY6007, TY6009: it cannot be read.</exception>
    public async Task<ManifestTree> ReadAsync(FetchedManifest named, ImagePlatform platform, CancellationToken cancellation)
    {
        for (var level = 0; IsIndex(named); level++)
        {
            Require(level);
            var chosen = ManifestReader.Choose(named, platform, source.Name, source.Name);
            named = await GetAsync(chosen, cancellation);
        }

        return await ReadAllAsync(named, cancellation);
    }

    /// <summary>Reads all of it.</summary>
    /// <exception cref="TorchyardException">TY6007, TY6009: it cannot be read.</exception>
    public Task<ManifestTree> ReadAllAsync(FetchedManifest named, CancellationToken cancellation) => ReadAsync(named, 0, cancellation);

    /// <summary>A manifest that another one names.</summary>
    public async Task<FetchedManifest> GetAsync(OciDescriptor entry, CancellationToken cancellation)
    {
        var fetched = await source.TryManifestAsync(entry.Digest, cancellation)
            ?? throw CopyErrors.Damaged(source.Name, $"manifest {entry.Digest}, which another one names, is missing");
        return fetched.Content.Length == entry.Size
            ? fetched
            : throw CopyErrors.Damaged(
                source.Name,
                $"manifest {entry.Digest} has {fetched.Content.Length} bytes, and {entry.Size} are said"
            );
    }

    private async Task<ManifestTree> ReadAsync(FetchedManifest fetched, int level, CancellationToken cancellation)
    {
        Require(level);
        if (++_count > MostManifests)
        {
            throw RegistryErrors.Unsupported(source.Name, $"has more than {MostManifests} manifests", "copy its images one by one");
        }

        return IsIndex(fetched) ? await ReadIndexAsync(fetched, level, cancellation) : ReadManifest(fetched);
    }

    private async Task<ManifestTree> ReadIndexAsync(FetchedManifest fetched, int level, CancellationToken cancellation)
    {
        var (index, problem) = OciJson.TryDeserialize<OciIndex>(fetched.Content);
        if (index is null)
        {
            throw RegistryErrors.NotARegistry(source.Name, "an index", RegistryErrors.Shown(problem!));
        }

        var children = new List<ManifestTree>();
        foreach (var entry in index.Manifests)
        {
            children.Add(await ReadAsync(await GetAsync(entry, cancellation), level + 1, cancellation));
        }

        var isSame = children.All(child => child.Content.Digest == child.Original) && fetched.MediaType == MediaTypes.Index;
        return isSame || keepsDocker
            ? new ManifestTree(fetched, fetched.Digest, [], children)
            : new ManifestTree(Own(index, children), fetched.Digest, [], children);
    }

    private static FetchedManifest Own(OciIndex index, List<ManifestTree> children)
    {
        var own = index with
        {
            MediaType = MediaTypes.Index,
            Manifests =
            [
                .. index.Manifests.Zip(children, (entry, child) =>
                    entry with
                    {
                        MediaType = child.Content.MediaType,
                        Digest = child.Content.Digest,
                        Size = child.Content.Content.Length,
                    }
                ),
            ],
        };
        var content = OciJson.Serialize(own);
        return new FetchedManifest(content, Digest.Of(content), MediaTypes.Index);
    }

    private ManifestTree ReadManifest(FetchedManifest fetched)
    {
        if (fetched.MediaType.Contains("manifest.v1+", StringComparison.Ordinal) && IsDockers(fetched))
        {
            _ = ManifestReader.Read(fetched, source.Name, source.Name);
        }

        var (manifest, problem) = OciJson.TryDeserialize<OciManifest>(fetched.Content);
        if (manifest is null)
        {
            throw RegistryErrors.NotARegistry(source.Name, "a manifest", RegistryErrors.Shown(problem!));
        }

        if (manifest.Layers.FirstOrDefault(layer => ForeignTypes.IsElsewhere(layer.MediaType)) is { } elsewhere)
        {
            throw RegistryErrors.Unsupported(
                source.Name,
                $"has layer {elsewhere.Digest} not there, but at an address of its own",
                "use an image whose layers are all in the registry"
            );
        }

        var content = fetched;
        if (!keepsDocker && IsDockers(fetched))
        {
            var (_, own) = ManifestReader.Read(fetched, source.Name, source.Name);
            content = new FetchedManifest(own, Digest.Of(own), MediaTypes.Manifest);
        }

        return new ManifestTree(content, fetched.Digest, [.. manifest.Layers.Append(manifest.Config).DistinctBy(blob => blob.Digest)], []);
    }

    private void Require(int level)
    {
        if (level > OciIndex.MostLevels)
        {
            throw RegistryErrors.Unsupported(source.Name, "has indexes in indexes beyond reason", "name one of its images by its digest");
        }
    }

    private static bool IsIndex(FetchedManifest fetched) => fetched.MediaType is MediaTypes.Index or ForeignTypes.DockerList;

    private static bool IsDockers(FetchedManifest fetched) => fetched.MediaType.Contains("docker", StringComparison.Ordinal);
}
