using System.Text.Json.Serialization;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Oci;

/// <summary>A finished layer.</summary>
internal sealed record PackedLayer : Torchyard.Images.Oci.IBounded
{
    /// <summary>Digest of the uncompressed tar.</summary>
    [JsonConverter(typeof(Torchyard.Images.Oci.DigestJsonConverter))]
    public required Digest DiffId { get; init; }

    /// <summary>Digest of the compressed blob.</summary>
    [JsonConverter(typeof(Torchyard.Images.Oci.DigestJsonConverter))]
    public required Digest Blob { get; init; }

    /// <summary>Bytes of the blob.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes of the tar.</summary>
    public required long UncompressedSize { get; init; }

    /// <summary>Media type of the blob.</summary>
    public required string MediaType { get; init; }

    /// <inheritdoc />
    [JsonIgnore]
    public string? Problem => Size < 0 || UncompressedSize < 0 ? "has a negative size" : null;

    /// <summary>
    /// Places that several of its packages wanted: what the layer has there says nothing about each of them. Null for none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Contended { get; init; }
}
