using System.Text.Json;

namespace Torchyard.EndToEnd.Builds;

/// <summary>The one image of a store as its OCI layout describes it; digests as bare hexadecimal digits.</summary>
internal sealed record StoredLayout
{
    public required string Store { get; init; }
    public required string Manifest { get; init; }
    public required string Configuration { get; init; }
    public required IReadOnlyList<string> Layers { get; init; }
    public required IReadOnlyList<string> DiffIds { get; init; }

    public static StoredLayout Read(string store)
    {
        var index = Parse(Path.Combine(store, "oci/index.json"));
        var manifest = Hex(
            index
                .GetProperty("manifests")
                .EnumerateArray()
                .Single(entry => entry.GetProperty("mediaType").GetString()!.EndsWith("manifest.v1+json", StringComparison.Ordinal))
        );
        var document = Parse(BlobOf(store, manifest));
        var configuration = Hex(document.GetProperty("config"));
        var diffIds = Parse(BlobOf(store, configuration))
            .GetProperty("rootfs")
            .GetProperty("diff_ids")
            .EnumerateArray()
            .Select(id => id.GetString()!["sha256:".Length..]);
        return new StoredLayout
        {
            Store = store,
            Manifest = manifest,
            Configuration = configuration,
            Layers = [.. document.GetProperty("layers").EnumerateArray().Select(Hex)],
            DiffIds = [.. diffIds],
        };
    }

    public string Blob(string digest) => BlobOf(Store, digest);

    public bool Equals(StoredLayout? other) => other?.Manifest == Manifest;

    public override int GetHashCode() => Manifest.GetHashCode(StringComparison.Ordinal);

    private static string BlobOf(string store, string digest) => Path.Combine(store, "oci/blobs/sha256", digest);

    private static string Hex(JsonElement descriptor) => descriptor.GetProperty("digest").GetString()!["sha256:".Length..];

    private static JsonElement Parse(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
}
