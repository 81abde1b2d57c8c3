using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Torchyard.Images.Oci;

/// <summary>The image stage's JSON: camel case, no null members, no white space, so that equal objects give equal bytes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32)]
[JsonSerializable(typeof(OciIndex))]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciImageConfiguration))]
[JsonSerializable(typeof(OciLayoutVersion))]
[JsonSerializable(typeof(IReadOnlyList<DockerArchiveImage>))]
[JsonSerializable(typeof(Layers.PackedLayer))]
[JsonSerializable(typeof(Torchyard.Recipes.RecipeLock))]
internal sealed partial class OciJson : JsonSerializerContext
{
    // The default encoder would write the "+" of media types as an escape.
    private static readonly OciJson Plain = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 32,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new DigestJsonConverter() },
    });

    internal static byte[] Serialize<T>(T document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, (JsonTypeInfo<T>)Plain.GetTypeInfo(typeof(T))!);

    /// <summary>Reads a document; TY3011 for anything that is not one.</summary>
    internal static T Deserialize<T>(ReadOnlySpan<byte> json, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Plain.GetTypeInfo(typeof(T))!) ?? throw ImageErrors.BadDocument(what, "it is null");
        }
        catch (JsonException failure)
        {
            throw ImageErrors.BadDocument(what, failure.Message, failure);
        }
    }
}
