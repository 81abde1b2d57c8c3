using Torchyard.Images.Errors;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Store;

/// <summary>
/// An image of the store as one tar that <c>docker load</c> and <c>podman load</c> read: an OCI layout (image-spec, image-layout.md) with
/// docker's
/// <c>manifest.json</c> beside it (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"), without which docker's
/// own store, also in its newest versions, takes nothing.
/// </summary>
public sealed class ImageArchive
{
    private readonly OciLayout _layout;
    private readonly List<(TarEntry Entry, Func<Stream> Open)> _entries = [];

    private ImageArchive(OciLayout layout) => _layout = layout;

    /// <summary>Bytes of all files in it; the headers between them are not counted.</summary>
    public long Size => _entries.Sum(entry => entry.Entry.Size);

    /// <summary>Plans the archive of an image.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="image">The image.</param>
    /// <param name="reference">Name that the engine gives it, with a tag.</param>
    /// <param name="withoutZstd">
    /// Layers compressed with zstd go in as plain tar, and without the OCI layout, whose manifest names the compressed ones: for docker
    /// before 23, which reads gzip only. The image keeps its identity, which is the digest of the configuration.
    /// </param>
    /// <exception cref="TorchyardException">TY3008, TY3009, TY3011: the store's image is damaged.</exception>
    public static ImageArchive Of(StorePaths paths, StoredImage image, string reference, bool withoutZstd)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(reference);
        var archive = new ImageArchive(new OciLayout(paths));
        var document = archive._layout.ReadDocument(image.Manifest);
        var manifest = OciJson.Deserialize<OciManifest>(document, $"manifest {image.Manifest}");
        var layers = manifest.Layers.Select((layer, index) => archive.AddLayer(layer, image.DiffIds[index], withoutZstd)).ToList();
        var configuration = BlobName(manifest.Config.Digest);
        archive.Add(configuration, archive._layout.ReadDocument(manifest.Config.Digest));
        if (!withoutZstd)
        {
            archive.Add(BlobName(image.Manifest), document);
            archive.Add("oci-layout", OciJson.Serialize(new OciLayoutVersion()));
            archive.Add("index.json", OciJson.Serialize(IndexOf(image.Manifest, document.Length, reference)));
        }

        archive.Add(
            "manifest.json",
            OciJson.Serialize<IReadOnlyList<DockerArchiveImage>>([new DockerArchiveImage(configuration, [reference], layers)])
        );
        return archive;
    }

    /// <summary>Writes it.</summary>
    /// <param name="sink">Where to.</param>
    /// <param name="written">Told how many bytes of files were written since it was told last.</param>
    /// <param name="cancellation">Ends the work between files.</param>
    /// <exception cref="TorchyardException">TY3008: a layer is damaged.</exception>
    /// <exception cref="IOException">The sink takes no more.</exception>
    public void WriteTo(Stream sink, Action<long> written, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(written);
        var tar = new TarLayerWriter(sink);
        foreach (var (entry, open) in _entries)
        {
            cancellation.ThrowIfCancellationRequested();
            using var content = open();
            try
            {
                tar.Write(entry, content);
            }
            catch (InvalidDataException damage)
            {
                throw ImageErrors.DamagedBlob(entry.Name, damage.Message);
            }

            written(entry.Size);
        }

        tar.Complete();
    }

    private static string BlobName(Digest digest) => "blobs/sha256/" + digest.Hex;

    private static OciIndex IndexOf(Digest manifest, long size, string reference) =>
        new()
        {
            Manifests =
            [
                new OciDescriptor
                {
                    MediaType = MediaTypes.Manifest,
                    Digest = manifest,
                    Size = size,
                    Annotations = new(StringComparer.Ordinal)
                    {
                        // podman names the image by the first, containerd, also as docker's image store, by the second.
                        [OciLayout.NameAnnotation] = reference,
                        ["io.containerd.image.name"] = reference,
                    },
                },
            ],
        };

    private string AddLayer(OciDescriptor layer, Digest diffId, bool withoutZstd)
    {
        if (!_layout.HasBlob(layer.Digest, layer.Size))
        {
            throw ImageErrors.MissingBlob(layer.Digest.ToString());
        }

        var format = LayerExtractor.FormatOf(layer.MediaType);
        var decode = withoutZstd && format == CompressionFormat.Zstd;
        var name = BlobName(decode ? diffId : layer.Digest);
        if (_entries.Exists(entry => entry.Entry.Name == name))
        {
            return name;
        }

        Stream Open() => Decompression.Open(File.OpenRead(_layout.BlobPath(layer.Digest)), decode ? format : CompressionFormat.None);
        // The tar says the size before the content, and only decoding tells it.
        Add(name, decode ? LengthOf(Open, layer.Digest) : layer.Size, Open);
        return name;
    }

    private static long LengthOf(Func<Stream> open, Digest layer)
    {
        try
        {
            using var content = open();
            var buffer = new byte[256 * 1024];
            long length = 0;
            for (int read; (read = content.Read(buffer)) > 0; )
            {
                length += read;
            }

            return length;
        }
        catch (InvalidDataException damage)
        {
            throw ImageErrors.DamagedBlob(layer.ToString(), damage.Message);
        }
    }

    private void Add(string name, byte[] content) => Add(name, content.Length, () => new MemoryStream(content));

    private void Add(string name, long size, Func<Stream> open) =>
        _entries.Add(
            (
                new TarEntry
                {
                    Name = name,
                    Kind = TarKind.File,
                    Mode = FileModes.Readable,
                    Size = size,
                },
                open
            )
        );
}
