using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Torchyard.Images.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Oci;

/// <summary>The image stage's JSON: camel case, no null members, no white space, so that equal objects give equal bytes.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    MaxDepth = 32
)]
[JsonSerializable(typeof(OciIndex))]
[JsonSerializable(typeof(OciManifest))]
[JsonSerializable(typeof(OciImageConfiguration))]
[JsonSerializable(typeof(OciLayoutVersion))]
[JsonSerializable(typeof(IReadOnlyList<DockerArchiveImage>))]
[JsonSerializable(typeof(Torchyard.Images.Oci.PackedLayer))]
[JsonSerializable(typeof(Torchyard.Recipes.Locks.RecipeLock))]
internal sealed partial class OciJson : JsonSerializerContext
{
    // The default encoder would write the "+" of media types as an escape.
    private static readonly OciJson Plain = new(
        new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            MaxDepth = 32,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new DigestJsonConverter() },
        }
    );

    // What others wrote is read strictly: nothing missing, twice or null that a reader counts on.
    private static readonly OciJson Strict = new(
        new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            MaxDepth = RecordText.MostDepth,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            AllowDuplicateProperties = false,
            Converters = { new DigestJsonConverter() },
        }
    );

    internal static byte[] Serialize<T>(T document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, (JsonTypeInfo<T>)Plain.GetTypeInfo(typeof(T))!);

    /// <summary>Reads a document; TY3011 for anything that is not one.</summary>
    internal static T Deserialize<T>(ReadOnlySpan<byte> json, string what)
        where T : class =>
        TryDeserialize<T>(json) switch
        {
            ({ } value, null) => value,
            var (_, problem) => throw ImageErrors.BadDocument(what, problem!),
        };

    /// <summary>Reads a document.</summary>
    /// <returns>The document, or what is wrong with it.</returns>
    internal static (T? Value, string? Problem) TryDeserialize<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        var (value, problem) = RecordText.Parse(json, (JsonTypeInfo<T>)Strict.GetTypeInfo(typeof(T))!, RecordNulls.Members);
        problem ??= (value as IBounded)?.Problem;
        return problem is null ? (value, null) : (null, problem);
    }
}

/// <summary>A document with numbers and lists that must keep within bounds.</summary>
internal interface IBounded
{
    /// <summary>What is out of bounds, as the end of a sentence that begins with the document's name; null when nothing is.</summary>
    string? Problem { get; }
}
