using System.Text.Json.Serialization;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Oci;

/// <summary>A descriptor (image-spec, descriptor.md).</summary>
internal sealed record OciDescriptor : IBounded
{
    // 1 PiB: more than any blob has, and so little that a manifest's sum stays a number.
    private const long MostBytes = 1L << 50;

    [JsonIgnore]
    public string? Problem =>
        MediaType.Length == 0 ? "has a descriptor without a media type"
        : Size is < 0 or > MostBytes ? $"says that {Digest} has {Size} bytes"
        : null;

    public required string MediaType { get; init; }

    [JsonConverter(typeof(DigestJsonConverter))]
    public required Digest Digest { get; init; }

    public required long Size { get; init; }

    public SortedDictionary<string, string>? Annotations { get; init; }

    public string? ArtifactType { get; init; }

    public OciPlatform? Platform { get; init; }
}

/// <summary>Platform of an image in an index (image-spec, image-index.md).</summary>
internal sealed record OciPlatform(string Architecture, string Os)
{
    /// <summary>Version of the architecture, such as v8; null for none.</summary>
    public string? Variant { get; init; }
}

/// <summary>An image index, also index.json of a layout (image-spec, image-index.md, image-layout.md).</summary>
internal sealed record OciIndex : IBounded
{
    /// <summary>Deepest that indexes stand in indexes; the specification's own uses have one level.</summary>
    internal const int MostLevels = 4;

    [JsonIgnore]
    public string? Problem => Manifests.Select(entry => entry.Problem).FirstOrDefault(problem => problem is not null);

    public int SchemaVersion { get; init; } = 2;

    public string MediaType { get; init; } = MediaTypes.Index;

    public required IReadOnlyList<OciDescriptor> Manifests { get; init; }
}

/// <summary>An image manifest (image-spec, manifest.md).</summary>
internal sealed record OciManifest : IBounded
{
    // Eight times what overlayfs stacks.
    private const int MostLayers = 4096;

    [JsonIgnore]
    public string? Problem =>
        Layers.Count > MostLayers
            ? $"has {Count.Of(Layers.Count, "layer")}"
            : Layers.Append(Config).Select(blob => blob.Problem).FirstOrDefault(problem => problem is not null) ?? Subject?.Problem;

    public int SchemaVersion { get; init; } = 2;

    public string MediaType { get; init; } = MediaTypes.Manifest;

    public string? ArtifactType { get; init; }

    public required OciDescriptor Config { get; init; }

    public required IReadOnlyList<OciDescriptor> Layers { get; init; }

    public OciDescriptor? Subject { get; init; }

    public SortedDictionary<string, string>? Annotations { get; init; }
}

/// <summary>An image configuration (image-spec, config.md).</summary>
internal sealed record OciImageConfiguration
{
    public string? Created { get; init; }

    public string? Author { get; init; }

    public required string Architecture { get; init; }

    public required string Os { get; init; }

    public OciContainerConfig? Config { get; init; }

    public required OciRootFs Rootfs { get; init; }

    public IReadOnlyList<OciHistory>? History { get; init; }
}

/// <summary>The <c>config</c> object, whose member names are in Pascal case by specification.</summary>
internal sealed record OciContainerConfig
{
    [JsonPropertyName("User")]
    public string? User { get; init; }

    [JsonPropertyName("ExposedPorts")]
    public SortedDictionary<string, OciNothing>? ExposedPorts { get; init; }

    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Env { get; init; }

    [JsonPropertyName("Entrypoint")]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string>? Cmd { get; init; }

    [JsonPropertyName("Volumes")]
    public SortedDictionary<string, OciNothing>? Volumes { get; init; }

    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    [JsonPropertyName("Labels")]
    public SortedDictionary<string, string>? Labels { get; init; }

    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }
}

/// <summary>An empty object: the value of set members.</summary>
internal sealed record OciNothing;

/// <summary>The <c>rootfs</c> object.</summary>
internal sealed record OciRootFs
{
    public string Type { get; init; } = "layers";

    [JsonPropertyName("diff_ids")]
    public required IReadOnlyList<string> DiffIds { get; init; }
}

/// <summary>How a layer came about.</summary>
internal sealed record OciHistory
{
    public string? Created { get; init; }

    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }

    public string? Comment { get; init; }
}

/// <summary>The file <c>oci-layout</c>.</summary>
internal sealed record OciLayoutVersion
{
    public string ImageLayoutVersion { get; init; } = "1.0.0";
}
