using Torchyard.Images.Oci;

namespace Torchyard.Registry.Documents;

/// <summary>Media types that registries have beside the OCI's: docker's (distribution, docs/spec/manifest-v2-2.md).</summary>
internal static class ForeignTypes
{
    internal const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    internal const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    internal const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>What a client says it takes. Old registries answer with schema 1 to those that say less.</summary>
    internal static readonly IReadOnlyList<string> Accepted = [MediaTypes.Index, MediaTypes.Manifest, DockerList, DockerManifest];

    /// <summary>The OCI's type for a layer's type; null for one that is not a layer of a container.</summary>
    internal static string? LayerOf(string mediaType) =>
        mediaType switch
        {
            MediaTypes.LayerGzip or MediaTypes.LayerZstd or MediaTypes.LayerTar => mediaType,
            "application/vnd.docker.image.rootfs.diff.tar.gzip" => MediaTypes.LayerGzip,
            "application/vnd.docker.image.rootfs.diff.tar.zstd" => MediaTypes.LayerZstd,
            "application/vnd.docker.image.rootfs.diff.tar" => MediaTypes.LayerTar,
            _ => null,
        };

    /// <summary>True for layers that the registry does not have, but an address in the manifest.</summary>
    internal static bool IsElsewhere(string mediaType) =>
        mediaType.Contains("foreign", StringComparison.Ordinal) || mediaType.Contains("nondistributable", StringComparison.Ordinal);
}
