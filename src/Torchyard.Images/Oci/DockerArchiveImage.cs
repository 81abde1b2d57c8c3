using System.Text.Json.Serialization;

namespace Torchyard.Images.Oci;

/// <summary>An image in docker's <c>manifest.json</c>, whose member names are in Pascal case; paths are those of the archive.</summary>
internal sealed record DockerArchiveImage(
    [property: JsonPropertyName("Config")] string Config,
    [property: JsonPropertyName("RepoTags")] IReadOnlyList<string> RepoTags,
    [property: JsonPropertyName("Layers")] IReadOnlyList<string> Layers
);
