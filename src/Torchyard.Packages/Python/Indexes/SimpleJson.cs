using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>A project page in JSON (PEP 691, with PEP 700 and PEP 714; packaging.python.org, "Simple repository API").</summary>
internal static class SimpleJson
{
    public const string MediaType = "application/vnd.pypi.simple.v1+json";

    /// <exception cref="InvalidDataException">It breaks the format.</exception>
    public static ProjectPage Parse(ReadOnlySpan<byte> content, string name, Uri page)
    {
        try
        {
            return Read(JsonSerializer.Deserialize(content, SimpleJsonContext.Default.SimpleJsonProject), name, page);
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException(wrong.Message, wrong);
        }
        catch (InvalidOperationException wrong)
        {
            // Members of several kinds are decoded when they are looked at.
            throw new InvalidDataException("a text in it is not valid Unicode", wrong);
        }
    }

    private static ProjectPage Read(SimpleJsonProject? project, string name, Uri page)
    {
        if (project?.Meta?.ApiVersion is not { } version || !version.StartsWith("1.", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"it has the API version '{project?.Meta?.ApiVersion}', known is 1.x");
        }

        // Name confusion: an index that answers with another project must not pass for the one that was asked for.
        if (project.Name is { } given && (!ProjectName.TryParse(given, out var found) || found.Normal != name))
        {
            throw new InvalidDataException($"it is the page of '{given}', not of '{name}'");
        }

        var files = new List<ProjectFile>();
        foreach (var file in project.Files ?? [])
        {
            if (file.Filename is { Length: > 0 } filename && IsFileName(filename) && UrlText.TryRead(page, file.Url, out var url))
            {
                RequireRemote(url, filename);
                if (file.Size < 0)
                {
                    throw new InvalidDataException($"it gives {filename} a size of {file.Size} bytes");
                }

                files.Add(
                    new ProjectFile
                    {
                        Filename = filename,
                        Url = new UriBuilder(url) { Fragment = "" }.Uri,
                        Sha256 = Hash(file.Hashes),
                        Size = file.Size,
                        RequiresPython = file.RequiresPython,
                        Yanked =
                            file.Yanked is { ValueKind: JsonValueKind.True } ? ""
                            : file.Yanked is { ValueKind: JsonValueKind.String } reason ? reason.GetString()
                            : null,
                        HasMetadata = IsPresent(file.CoreMetadata ?? file.DistInfoMetadata),
                        MetadataSha256 = MetadataHash(file.CoreMetadata ?? file.DistInfoMetadata),
                    }
                );
            }
        }

        return new ProjectPage(name, page, files);
    }

    /// <summary>An index may name files of the network, never of this machine.</summary>
    /// <exception cref="InvalidDataException">The URL has another scheme.</exception>
    internal static void RequireRemote(Uri url, string filename)
    {
        if (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp)
        {
            throw new InvalidDataException($"it gives {filename} the address '{url.Scheme}:', which is none of the network");
        }
    }

    internal static bool IsFileName(string name) =>
        !name.AsSpan().ContainsAny('/', '\\', '\0') && name is not ("." or "..") && name.Length <= 400;

    private static Digest? Hash(Dictionary<string, string>? hashes) =>
        hashes is not null && hashes.TryGetValue("sha256", out var hex) && Digest.TryParse(hex.ToLowerInvariant(), out var digest)
            ? digest
            : null;

    private static bool IsPresent(JsonElement? value) => value is { ValueKind: JsonValueKind.True or JsonValueKind.Object };

    private static Digest? MetadataHash(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Object } hashes
        && hashes.TryGetProperty("sha256", out var hash)
        && hash.ValueKind == JsonValueKind.String
        && Digest.TryParse(hash.GetString()!.ToLowerInvariant(), out var digest)
            ? digest
            : null;
}

internal sealed class SimpleJsonProject
{
    [JsonPropertyName("meta")]
    public SimpleJsonMeta? Meta { get; set; }

    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("files")]
    public List<SimpleJsonFile>? Files { get; set; }
}

internal sealed class SimpleJsonMeta
{
    [JsonPropertyName("api-version")]
    public string? ApiVersion { get; set; }
}

internal sealed class SimpleJsonFile
{
    [JsonPropertyName("filename")]
    public string? Filename { get; set; }

    [JsonPropertyName("url")]
    public string? Url { get; set; }

    [JsonPropertyName("hashes")]
    public Dictionary<string, string>? Hashes { get; set; }

    [JsonPropertyName("size")]
    public long? Size { get; set; }

    [JsonPropertyName("requires-python")]
    public string? RequiresPython { get; set; }

    [JsonPropertyName("yanked")]
    public JsonElement? Yanked { get; set; }

    [JsonPropertyName("core-metadata")]
    public JsonElement? CoreMetadata { get; set; }

    [JsonPropertyName("dist-info-metadata")]
    public JsonElement? DistInfoMetadata { get; set; }
}

[JsonSerializable(typeof(SimpleJsonProject))]
internal sealed partial class SimpleJsonContext : JsonSerializerContext;
