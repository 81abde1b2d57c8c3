using System.Text.Json;

namespace Torchyard.EndToEnd.Captures;

/// <summary>Reads the bill of materials of an image as a registry client does: referrers tag, index, artifact, document.</summary>
internal static class AttachedSbom
{
    /// <summary>The SPDX document that is attached to an image of a store.</summary>
    /// <param name="store">The store's directory.</param>
    /// <param name="digest">Digest of the image, <c>sha256:…</c>.</param>
    public static JsonElement Read(string store, string digest)
    {
        var layout = Path.Combine(store, "oci");
        var tag = digest.Replace(':', '-');
        var entry = Json(Path.Combine(layout, "index.json"))
            .GetProperty("manifests")
            .EnumerateArray()
            .Single(manifest =>
                manifest.TryGetProperty("annotations", out var notes)
                && notes.TryGetProperty("org.opencontainers.image.ref.name", out var name)
                && name.GetString() == tag
            );
        var artifact = Blob(layout, entry)
            .GetProperty("manifests")
            .EnumerateArray()
            .Single(manifest => manifest.GetProperty("artifactType").GetString() == "application/spdx+json");
        var manifest = Blob(layout, artifact);
        Assert.Equal(digest, manifest.GetProperty("subject").GetProperty("digest").GetString());
        return Blob(layout, manifest.GetProperty("layers")[0]);
    }

    /// <summary>The package URLs in it.</summary>
    public static IReadOnlyList<string> PackageUrls(JsonElement document) =>
        [
            .. document
                .GetProperty("packages")
                .EnumerateArray()
                .Where(package => package.TryGetProperty("externalRefs", out _))
                .Select(package => package.GetProperty("externalRefs")[0].GetProperty("referenceLocator").GetString()!),
        ];

    private static JsonElement Blob(string layout, JsonElement descriptor) =>
        Json(Path.Combine(layout, "blobs", descriptor.GetProperty("digest").GetString()!.Replace(':', '/')));

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
}
