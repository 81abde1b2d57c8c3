using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Documents;

namespace Torchyard.Registry.Copying;

/// <summary>
/// A tar archive that gets a layout of the OCI, and for docker its <c>manifest.json</c> beside it. Blobs go into it as they come, one after
/// another; nothing is kept elsewhere.
/// </summary>
/// <param name="output">Where the archive goes.</param>
/// <param name="tag">What the image is called in it; null for nothing.</param>
/// <param name="forDocker">True for one that docker and podman load.</param>
internal sealed class ArchiveTarget(IArchiveOutput output, string? tag, bool forDocker) : IImageTarget
{
    private readonly TarLayerWriter _tar = new(output.Stream);
    private readonly HashSet<Digest> _written = [];
    private readonly Dictionary<string, OciDescriptor> _named = new(StringComparer.Ordinal);

    public bool IsParallel => false;

    public bool TakesDocker => false;

    public bool TakesIndexes => !forDocker;

    public Task<bool> HasAsync(OciDescriptor blob, IImageSource source, CancellationToken cancellation) =>
        Task.FromResult(_written.Contains(blob.Digest));

    public async Task WriteAsync(OciDescriptor blob, IImageSource source, IProgressTask progress, CancellationToken cancellation)
    {
        await using var content = source.Open(blob, 0);
        await Task.Run(() => Write(LayoutSource.PathOf(blob.Digest), blob.Size, content), cancellation);
        progress.Advance(blob.Size);
        _written.Add(blob.Digest);
    }

    public Task WriteManifestAsync(FetchedManifest manifest, CancellationToken cancellation)
    {
        if (_written.Add(manifest.Digest))
        {
            Write(LayoutSource.PathOf(manifest.Digest), manifest.Content);
        }

        return Task.CompletedTask;
    }

    public Task TagAsync(FetchedManifest manifest, string tag, CancellationToken cancellation)
    {
        _named[tag] = LayoutIndex.Entry(manifest, tag);
        return Task.CompletedTask;
    }

    public async Task AttachAsync(Digest subject, IReadOnlyList<OciDescriptor> artifacts, CancellationToken cancellation)
    {
        var list = LayoutIndex.Of(artifacts);
        await WriteManifestAsync(list, cancellation);
        await TagAsync(list, ImageText.ReferrersTag(subject), cancellation);
    }

    public async Task CommitAsync(FetchedManifest named, CancellationToken cancellation)
    {
        var image = LayoutIndex.Entry(named, tag);
        if (forDocker)
        {
            var manifest = OciJson.Deserialize<OciManifest>(named.Content, $"manifest {named.Digest}");
            image.Annotations?.Add("io.containerd.image.name", tag!);
            Write(
                "manifest.json",
                OciJson.Serialize<IReadOnlyList<DockerArchiveImage>>([
                    new DockerArchiveImage(
                        LayoutSource.PathOf(manifest.Config.Digest),
                        tag is null ? [] : [tag],
                        [.. manifest.Layers.Select(layer => LayoutSource.PathOf(layer.Digest))]
                    ),
                ])
            );
        }

        Write("oci-layout", OciJson.Serialize(new OciLayoutVersion()));
        Write("index.json", OciJson.Serialize(new OciIndex { Manifests = LayoutIndex.Add([], [.. _named.Values, image]) }));
        _tar.Complete();
        await output.CompleteAsync(cancellation);
    }

    public void Dispose() => output.Dispose();

    private void Write(string name, byte[] content) => Write(name, content.Length, new MemoryStream(content));

    private void Write(string name, long size, Stream content)
    {
        try
        {
            _tar.Write(
                new TarEntry
                {
                    Name = name,
                    Kind = TarKind.File,
                    Mode = FileModes.Readable,
                    Size = size,
                },
                content
            );
        }
        catch (IOException failure) when (FullDisk.Is(failure))
        {
            throw ImageErrors.NoSpace(output.Name, failure);
        }
        catch (IOException failure)
        {
            throw output.Fails(failure);
        }
    }
}
