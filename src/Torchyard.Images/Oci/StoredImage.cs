using Torchyard.Platform.Digests;

namespace Torchyard.Images.Oci;

/// <summary>An image of the store, read far enough to start a container from it.</summary>
public sealed record StoredImage
{
    /// <summary>Digest of the manifest: what users call the image's digest.</summary>
    public required Digest Manifest { get; init; }

    /// <summary>Names (<c>name:tag</c>) that point to it.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>Digests of the uncompressed layers, bottom first (image-spec, config.md, rootfs.diff_ids).</summary>
    public required IReadOnlyList<Digest> DiffIds { get; init; }

    /// <summary>Compressed layer blobs, bottom first, same order as <see cref="DiffIds"/>.</summary>
    public required IReadOnlyList<Digest> Layers { get; init; }

    /// <summary>Sum of the compressed layers in bytes.</summary>
    public required long CompressedSize { get; init; }

    /// <summary>Seconds since 1970 from the configuration's <c>created</c>.</summary>
    public required long Created { get; init; }

    /// <summary>The container part of the configuration.</summary>
    public required ImageConfig Config { get; init; }
}

/// <summary>The <c>config</c> object of an OCI image configuration (image-spec, config.md).</summary>
public sealed record ImageConfig
{
    /// <summary><c>user[:group]</c>, names or numbers.</summary>
    public string User { get; init; } = "";

    /// <summary><c>NAME=value</c> each.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Entry point.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Default arguments.</summary>
    public IReadOnlyList<string> Cmd { get; init; } = [];

    /// <summary>Working directory.</summary>
    public string WorkingDir { get; init; } = "";

    /// <summary>Ports as <c>8888/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>Volumes.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Signal that asks the container to stop, e.g. <c>SIGTERM</c>.</summary>
    public string StopSignal { get; init; } = "";
}
