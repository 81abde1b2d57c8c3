using System.Security.Cryptography;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Copying;

/// <summary>
/// What <c>docker save</c> and <c>podman save</c> write (moby, image/spec/v1.2.md). It has no manifest with digests, so that its layers are
/// read once to get them; the image has the same configuration, and so the same id, wherever it comes.
/// </summary>
internal sealed class DockerArchiveSource : IImageSource
{
    private const int MostBytes = 16 << 20;

    private readonly ArchiveFiles _files;
    private readonly string _place;
    private readonly Dictionary<Digest, string> _paths = [];
    private readonly FetchedManifest _manifest;

    /// <summary>Reads an archive.</summary>
    /// <param name="files">The archive.</param>
    /// <param name="place">What people call it.</param>
    /// <param name="name">Which of its images; null for its only one.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6021, TY6022.</exception>
    public DockerArchiveSource(ArchiveFiles files, string place, string? name, CancellationToken cancellation)
    {
        (_files, _place) = (files, place);
        var image = Choose(name);
        var configuration = files.TryRead(image.Config, MostBytes) ?? throw Missing(image.Config);
        var (document, problem) = OciJson.TryDeserialize<OciImageConfiguration>(configuration);
        if (document is null || document.Rootfs.DiffIds.Count != image.Layers.Count)
        {
            throw CopyErrors.Damaged(
                place,
                problem is null
                    ? "its configuration names another number of layers than its manifest.json"
                    : $"its configuration {RegistryErrors.Shown(problem)}"
            );
        }

        var manifest = new OciManifest
        {
            Config = new OciDescriptor
            {
                MediaType = MediaTypes.Config,
                Digest = Digest.Of(configuration),
                Size = configuration.Length,
            },
            Layers = [.. image.Layers.Select(path => Layer(path, cancellation))],
        };
        _paths[manifest.Config.Digest] = image.Config;
        var content = OciJson.Serialize(manifest);
        _manifest = new FetchedManifest(content, Digest.Of(content), MediaTypes.Manifest);
    }

    public string Name => _place;

    public Task<FetchedManifest> NamedAsync(CancellationToken cancellation) => Task.FromResult(_manifest);

    public Task<FetchedManifest?> TryManifestAsync(Digest digest, CancellationToken cancellation) =>
        Task.FromResult<FetchedManifest?>(null);

    public Task<FetchedManifest?> TryTagAsync(string tag, CancellationToken cancellation) => Task.FromResult<FetchedManifest?>(null);

    public Task<IReadOnlyList<OciDescriptor>> ReferrersAsync(Digest subject, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<OciDescriptor>>([]);

    public Stream Open(OciDescriptor blob, long from) =>
        from > 0 ? Raw(blob, from) : new VerifiedStream(() => Raw(blob, 0), blob, why => CopyErrors.Damaged(_place, why));

    public void Dispose() => _files.Dispose();

    private Stream Raw(OciDescriptor blob, long from) => _files.TryOpen(_paths[blob.Digest], from) ?? throw Missing(blob.Digest.ToString());

    private DockerArchiveImage Choose(string? name)
    {
        var content = _files.TryRead("manifest.json", MostBytes)
            ?? throw CopyErrors.NotThere(_place, "it has no manifest.json", "use an archive of 'docker save' or 'podman save'");
        var (images, problem) = OciJson.TryDeserialize<IReadOnlyList<DockerArchiveImage>>(content);
        if (images is null)
        {
            throw CopyErrors.Damaged(_place, $"manifest.json {RegistryErrors.Shown(problem!)}");
        }

        var wanted = name is null || name.Contains(':', StringComparison.Ordinal) ? name : name + ":latest";
        var found = images.Where(image => wanted is null || (image.RepoTags ?? []).Contains(wanted)).ToList();
        return found is [var only]
            ? only
            : throw CopyErrors.NotThere(
                _place,
                wanted is null ? $"it has {images.Count}, and none is named" : $"none is named '{RegistryErrors.Shown(wanted)}'",
                "name one of these behind a colon: "
                    + string.Join(", ", images.SelectMany(image => image.RepoTags ?? []).Select(RegistryErrors.Shown).Take(20))
            );
    }

    private OciDescriptor Layer(string path, CancellationToken cancellation)
    {
        var size = _files.Size(path) ?? throw Missing(path);
        using var content = _files.TryOpen(path, 0)!;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 18];
        var type = (string?)null;
        int read;
        while ((read = content.Read(buffer)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer.AsSpan(0, read));
            type ??= TypeOf(buffer.AsSpan(0, read));
        }

        var digest = Digest.FromHash(hash.GetHashAndReset());
        _paths[digest] = path;
        return new OciDescriptor
        {
            MediaType = type ?? MediaTypes.LayerTar,
            Digest = digest,
            Size = size,
        };
    }

    private static string TypeOf(ReadOnlySpan<byte> start) =>
        start switch
        {
            [0x1f, 0x8b, ..] => MediaTypes.LayerGzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => MediaTypes.LayerZstd,
            _ => MediaTypes.LayerTar,
        };

    private TorchyardException Missing(string path) => CopyErrors.Damaged(_place, $"{RegistryErrors.Shown(path)} is missing in it");
}
