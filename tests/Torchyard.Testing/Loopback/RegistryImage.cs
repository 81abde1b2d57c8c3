using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Torchyard.Testing.Loopback;

/// <summary>An image in a <see cref="FakeRegistry"/>: one small layer, and as many random bytes beside it as a test wants.</summary>
public sealed class RegistryImage
{
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string Index = "application/vnd.oci.image.index.v1+json";

    private RegistryImage(string digest, byte[] large, string content) => (Digest, Large, Content) = (digest, large, content);

    /// <summary>Digest of the manifest.</summary>
    public string Digest { get; }

    /// <summary>The manifest.</summary>
    public string Content { get; }

    /// <summary>The blob of the large layer.</summary>
    public byte[] Large { get; }

    /// <summary>Puts it into a registry.</summary>
    /// <param name="registry">The registry.</param>
    /// <param name="repository">Its repository.</param>
    /// <param name="tag">Its tag.</param>
    /// <param name="bytes">About how many bytes its layer has.</param>
    /// <param name="docker">True for docker's manifest.</param>
    /// <param name="layerType">Media type of the layer; null for the usual.</param>
    /// <param name="architecture">What its configuration says.</param>
    /// <param name="plain">True for a layer without compression.</param>
    public static RegistryImage Add(
        FakeRegistry registry,
        string repository,
        string tag,
        int bytes = 1000,
        bool docker = false,
        string? layerType = null,
        string architecture = "amd64",
        bool plain = false
    )
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        var tar = Tar(content);
        var blob = plain ? tar : Gzip(tar);
        layerType ??= plain ? "application/vnd.oci.image.layer.v1.tar" : null;
        var configuration = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"{{{architecture}}}","os":"linux","config":{"Cmd":["/bin/true"],"Entrypoint":null},"rootfs":{"type":"layers","diff_ids":["{{{FakeRegistry.DigestOf(tar)}}}"]},"history":[{"empty_layer":true}]}"""
        );
        var (manifestType, configType, usual) = docker
            ? (DockerManifest, "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip")
            : (Manifest, "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip");
        var manifest =
            $$"""{"schemaVersion":2,"mediaType":"{{manifestType}}","config":{"mediaType":"{{configType}}","digest":"{{registry.AddBlob(configuration)}}","size":{{configuration.Length}}},"layers":[{"mediaType":"{{layerType ?? usual}}","digest":"{{registry.AddBlob(blob)}}","size":{{blob.Length}}}]}""";
        return new RegistryImage(registry.AddManifest(repository, tag, manifestType, manifest), blob, manifest);
    }

    private static byte[] Tar(byte[] content)
    {
        using var result = new MemoryStream();
#pragma warning disable RS0030 // What tests make need not be the same each time.
        using (var writer = new TarWriter(result, leaveOpen: true))
        {
            writer.WriteEntry(
                new UstarTarEntry(TarEntryType.RegularFile, "content")
                {
                    DataStream = new MemoryStream(content),
                    ModificationTime = DateTimeOffset.UnixEpoch,
                }
            );
        }
#pragma warning restore RS0030

        return result.ToArray();
    }

    private static byte[] Gzip(byte[] content)
    {
        using var result = new MemoryStream();
        using (var writer = new GZipStream(result, CompressionLevel.Fastest, leaveOpen: true))
        {
            writer.Write(content);
        }

        return result.ToArray();
    }
}
