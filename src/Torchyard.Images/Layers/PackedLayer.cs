using System.Text.Json.Serialization;
using Torchyard.Platform;

namespace Torchyard.Images.Layers;

/// <summary>A finished layer.</summary>
/// <param name="DiffId">Digest of the uncompressed tar.</param>
/// <param name="Blob">Digest of the compressed blob.</param>
/// <param name="Size">Bytes of the blob.</param>
/// <param name="UncompressedSize">Bytes of the tar.</param>
/// <param name="MediaType">Media type of the blob.</param>
internal sealed record PackedLayer(
    [property: JsonConverter(typeof(Oci.DigestJsonConverter))] Digest DiffId,
    [property: JsonConverter(typeof(Oci.DigestJsonConverter))] Digest Blob,
    long Size,
    long UncompressedSize,
    string MediaType)
{
    /// <summary>Places that several of its packages wanted: what the layer has there says nothing about each of them. Null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Contended { get; init; }
}
