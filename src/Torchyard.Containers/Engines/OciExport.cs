using System.Text.Json;
using Torchyard.Platform;

namespace Torchyard.Containers.Engines;

/// <summary>Writes an OCI layout of one image (image-spec, image-layout.md) out of a store that holds many.</summary>
internal static class OciExport
{
    private const int MaximumManifest = 4 << 20;

    /// <summary>Writes the layout; blobs are links into the store.</summary>
    /// <param name="layout">The store's layout.</param>
    /// <param name="manifest">The image.</param>
    /// <param name="reference">Name that the engine gives it.</param>
    /// <param name="directory">New directory.</param>
    public static void Write(string layout, Digest manifest, string reference, string directory)
    {
        var blobs = Directory.CreateDirectory(Path.Combine(directory, "blobs/sha256")).FullName;
        var path = Path.Combine(layout, "blobs/sha256", manifest.Hex);
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length > MaximumManifest)
        {
            throw new InvalidDataException($"{path} is too large for a manifest");
        }

        using var document = JsonDocument.Parse(bytes);
        var root = document.RootElement;
        Link(root.GetProperty("config"));
        foreach (var layer in root.GetProperty("layers").EnumerateArray())
        {
            Link(layer);
        }

        File.CreateSymbolicLink(Path.Combine(blobs, manifest.Hex), path);
        File.WriteAllText(Path.Combine(directory, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        using var index = File.Create(Path.Combine(directory, "index.json"));
        using var json = new Utf8JsonWriter(index);
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 2);
        json.WriteStartArray("manifests");
        json.WriteStartObject();
        json.WriteString("mediaType", root.TryGetProperty("mediaType", out var type) ? type.GetString() : "application/vnd.oci.image.manifest.v1+json");
        json.WriteString("digest", manifest.ToString());
        json.WriteNumber("size", bytes.Length);
        json.WriteStartObject("annotations");
        // The first is the specification's, the second containerd's, which docker load reads.
        json.WriteString("org.opencontainers.image.ref.name", reference);
        json.WriteString("io.containerd.image.name", reference);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();

        void Link(JsonElement descriptor)
        {
            var digest = Digest.Parse(descriptor.GetProperty("digest").GetString() ?? "");
            var target = Path.Combine(blobs, digest.Hex);
            if (!File.Exists(target))
            {
                File.CreateSymbolicLink(target, Path.Combine(layout, "blobs/sha256", digest.Hex));
            }
        }
    }
}
