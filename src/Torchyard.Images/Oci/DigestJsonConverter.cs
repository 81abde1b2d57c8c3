using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Oci;

/// <summary>Digests as <c>sha256:hex</c>.</summary>
internal sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Digest.TryParse(reader.GetString(), out var digest)
            ? digest
            : throw new JsonException("a digest is malformed");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
