using System.Text.Json;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Registry.Errors;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Documents;

/// <summary>Reads what a registry says an image is: manifests and indexes of the OCI and of docker, of strangers.</summary>
internal static class ManifestReader
{
    /// <summary>The type of a document: its own word, then the registry's.</summary>
    /// <returns>Null when it is not JSON with members.</returns>
    internal static string? TypeOf(ReadOnlyMemory<byte> content, string? said)
    {
        try
        {
            using var document = UnicodeJson.Parse(content, new JsonDocumentOptions { MaxDepth = 32 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            return root.TryGetProperty("mediaType", out var own)
                && own.ValueKind == JsonValueKind.String
                && own.GetString() is { Length: > 0 } type
                    ? type
                : said is not null && (ForeignTypes.Accepted.Contains(said) || said.Contains("manifest.v1", StringComparison.Ordinal))
                    ? said
                // What has neither: by what is in it.
                : root.TryGetProperty("manifests", out _) ? MediaTypes.Index
                : root.TryGetProperty("layers", out _) ? MediaTypes.Manifest
                : root.TryGetProperty("fsLayers", out _) ? "application/vnd.docker.distribution.manifest.v1+json"
                : "";
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The manifest of a platform in an index.</summary>
    /// <exception cref="TorchyardException">TY6007: it is not an index; TY6010: it has none.</exception>
    internal static OciDescriptor Choose(FetchedManifest index, ImagePlatform platform, string registry, string image)
    {
        var (document, problem) = OciJson.TryDeserialize<OciIndex>(index.Content);
        if (document is null)
        {
            throw RegistryErrors.NotARegistry(registry, $"the index of {image}", RegistryErrors.Shown(problem!));
        }

        var images = document.Manifests.Where(entry => entry.MediaType is MediaTypes.Manifest or ForeignTypes.DockerManifest).ToList();
        return images.Find(entry => entry.Platform is { } one && platform.Takes(one))
            // An index of one image that says nothing of its platform.
            ?? (images is [{ Platform: null } only] ? only : null)
            ?? throw RegistryErrors.NoPlatform(
                image,
                platform.ToString(),
                [
                    .. images
                        .Select(entry => entry.Platform)
                        .OfType<OciPlatform>()
                        .Where(one => one.Os != "unknown")
                        .Select(one =>
                            RegistryErrors.Shown($"{one.Os}/{one.Architecture}" + (one.Variant is { } variant ? "/" + variant : ""))
                        )
                        .Distinct(),
                ]
            );
    }

    /// <summary>Reads the manifest of an image.</summary>
    /// <returns>The image as the OCI has it, and the bytes of that.</returns>
    /// <exception cref="TorchyardException">TY6007: it cannot be read; TY6009: it is not an image that a container starts from.</exception>
    internal static (OciManifest Manifest, byte[] Content) Read(FetchedManifest fetched, string registry, string image)
    {
        if (
            fetched.MediaType.Contains("manifest.v1+", StringComparison.Ordinal)
            && fetched.MediaType.Contains("docker", StringComparison.Ordinal)
        )
        {
            throw RegistryErrors.Unsupported(
                image,
                "is in docker's schema 1, which carries no digests of what is in its layers",
                "have it pushed again with docker 1.10 or later, or pull a newer tag"
            );
        }

        var (document, problem) = OciJson.TryDeserialize<OciManifest>(fetched.Content);
        if (document is null)
        {
            throw RegistryErrors.NotARegistry(registry, $"the manifest of {image}", RegistryErrors.Shown(problem!));
        }

        if (document.Config.MediaType is not (MediaTypes.Config or ForeignTypes.DockerConfig))
        {
            throw RegistryErrors.Unsupported(
                image,
                $"is not an image of a container, but {RegistryErrors.Shown(document.ArtifactType ?? document.Config.MediaType)}",
                "pull it with a tool for its kind, such as oras or helm"
            );
        }

        foreach (var layer in document.Layers.Where(layer => ForeignTypes.LayerOf(layer.MediaType) is null))
        {
            throw RegistryErrors.Unsupported(
                image,
                ForeignTypes.IsElsewhere(layer.MediaType)
                    ? $"has layer {layer.Digest} not in the registry, but at an address of its own"
                    : $"has layer {layer.Digest} of the type {RegistryErrors.Shown(layer.MediaType)}, which is not a tar archive",
                "use an image whose layers are plain, gzip or zstd, all in the registry"
            );
        }

        if (
            fetched.MediaType == MediaTypes.Manifest
            && document.Layers.All(layer => ForeignTypes.LayerOf(layer.MediaType) == layer.MediaType)
            && document.Config.MediaType == MediaTypes.Config
        )
        {
            return (document, fetched.Content);
        }

        // The store is a layout of the OCI, where other tools read nothing else. Layers and configuration stay as they are.
        var own = document with
        {
            MediaType = MediaTypes.Manifest,
            Config = document.Config with { MediaType = MediaTypes.Config },
            Layers = [.. document.Layers.Select(layer => layer with { MediaType = ForeignTypes.LayerOf(layer.MediaType)! })],
        };
        return (own, OciJson.Serialize(own));
    }
}
