namespace Torchyard.Images.Oci;

/// <summary>Media types of the OCI image-spec 1.1 (media-types.md) and of Torchyard's own artifacts.</summary>
internal static class MediaTypes
{
    internal const string Index = "application/vnd.oci.image.index.v1+json";
    internal const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    internal const string Config = "application/vnd.oci.image.config.v1+json";
    internal const string LayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    internal const string LayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    internal const string LayerTar = "application/vnd.oci.image.layer.v1.tar";
    internal const string Empty = "application/vnd.oci.empty.v1+json";
    internal const string Spdx = "application/spdx+json";
    internal const string Lock = "application/vnd.torchyard.lock.v1";
}
