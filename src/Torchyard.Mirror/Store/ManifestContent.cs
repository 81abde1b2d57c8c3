using System.Text.Json;
using Torchyard.Platform.Text;

namespace Torchyard.Mirror.Store;

/// <summary>What a manifest or an index says of itself and links (image-spec, manifest.md, image-index.md).</summary>
internal sealed record ManifestContent
{
    /// <summary>Most bytes of a manifest (distribution-spec, "Pushing Manifests", asks for at least 4 MiB).</summary>
    public const int MostBytes = 4 << 20;

    private const int MostLinks = 16384;
    private const int MostDepth = 64;

    /// <summary>Its media type, as it says itself; null when it does not.</summary>
    public string? MediaType { get; init; }

    /// <summary>What kind of artifact it is; null when nothing says so.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Configuration and layers that a registry has.</summary>
    public required IReadOnlyList<ContentLink> Blobs { get; init; }

    /// <summary>Manifests of an index.</summary>
    public required IReadOnlyList<ContentLink> Manifests { get; init; }

    /// <summary>The manifest that this one belongs to; null for none.</summary>
    public ContentDigest? Subject { get; init; }

    /// <summary>Its annotations, as JSON; null for none.</summary>
    public string? Annotations { get; init; }

    /// <summary>Reads a manifest.</summary>
    /// <returns>What it says, or what is wrong with it.</returns>
    public static (ManifestContent? Content, string? Problem) Read(byte[] content)
    {
        try
        {
            using var document = UnicodeJson.Parse(
                content,
                new JsonDocumentOptions { MaxDepth = MostDepth, AllowDuplicateProperties = false }
            );
            return document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement) : (null, "it is not an object");
        }
        catch (JsonException failure)
        {
            return (null, $"it is not JSON: {failure.Message}");
        }
    }

    private static (ManifestContent? Content, string? Problem) Read(JsonElement root)
    {
        var blobs = new List<ContentLink>();
        var manifests = new List<ContentLink>();
        var problem = Links(root, "layers", blobs)
            ?? Links(root, "blobs", blobs)
            ?? Links(root, "manifests", manifests)
            ?? (root.TryGetProperty("config", out var config) ? Link(config, "config", blobs) : null);
        ContentDigest? subject = null;
        if (problem is null && root.TryGetProperty("subject", out var named) && named.ValueKind != JsonValueKind.Null)
        {
            var found = new List<ContentLink>();
            problem = Link(named, "subject", found);
            subject = found.Count > 0 ? found[0].Digest : null;
        }

        return problem is not null
            ? (null, problem)
            : (
                new ManifestContent
                {
                    MediaType = Text(root, "mediaType"),
                    ArtifactType = Text(root, "artifactType")
                        ?? (root.TryGetProperty("config", out var typed) ? Text(typed, "mediaType") : null),
                    Blobs = blobs,
                    Manifests = manifests,
                    Subject = subject,
                    Annotations =
                        root.TryGetProperty("annotations", out var notes) && notes.ValueKind == JsonValueKind.Object
                            ? notes.GetRawText()
                            : null,
                },
                null
            );
    }

    private static string? Links(JsonElement root, string name, List<ContentLink> found)
    {
        if (!root.TryGetProperty(name, out var list) || list.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            return $"'{name}' is not a list";
        }

        if (list.GetArrayLength() > MostLinks)
        {
            return $"'{name}' has more than {MostLinks} entries";
        }

        return list.EnumerateArray().Select(one => Link(one, name, found)).FirstOrDefault(problem => problem is not null);
    }

    private static string? Link(JsonElement descriptor, string name, List<ContentLink> found)
    {
        if (
            descriptor.ValueKind != JsonValueKind.Object
            || Text(descriptor, "mediaType") is not { } type
            || !ContentDigest.TryParse(Text(descriptor, "digest"), out var digest)
            || !descriptor.TryGetProperty("size", out var number)
            || !number.TryGetInt64(out var size)
            || size < 0
        )
        {
            return $"'{name}' has a descriptor without a media type, a digest that is registered, or a size";
        }

        // Layers that are elsewhere, which a registry need not have.
        var isElsewhere =
            (
                descriptor.TryGetProperty("urls", out var addresses)
                && addresses.ValueKind == JsonValueKind.Array
                && addresses.GetArrayLength() > 0
            )
            || type.Contains("nondistributable", StringComparison.Ordinal)
            || type.Contains("foreign", StringComparison.Ordinal);
        found.Add(new ContentLink(digest, size, isElsewhere));
        return null;
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object
        && owner.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
            ? text
            : null;
}

/// <summary>Content that a manifest links.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Its bytes, as the manifest says.</param>
/// <param name="IsElsewhere">True where a registry need not have it.</param>
internal readonly record struct ContentLink(ContentDigest Digest, long Size, bool IsElsewhere);
