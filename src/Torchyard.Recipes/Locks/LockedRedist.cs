using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Locks;

/// <summary>One archive of NVIDIA's redistributable indexes, exactly.</summary>
public abstract record LockedRedist
{
    /// <summary>Release, e.g. <c>9.0.0.312</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Address of the archive at NVIDIA, without the machine's mirror.</summary>
    public required string Url { get; init; }

    /// <summary>Bytes of the archive.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the archive.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Where the licence is that the recipe accepts; the archive has it too, as <c>LICENSE</c>.</summary>
    public required string License { get; init; }

    /// <summary>What it is and which release, for people: <c>cuDNN 9.0.0.312</c>.</summary>
    public abstract string Title { get; }

    /// <summary>Name of the archive's file.</summary>
    public string FileName => Url[(Url.LastIndexOf('/') + 1)..];
}

/// <summary>The cuDNN of a lock.</summary>
public sealed record LockedCudnn : LockedRedist
{
    /// <summary>Major version of CUDA that it is built for, e.g. <c>12</c>.</summary>
    public required int Cuda { get; init; }

    /// <inheritdoc />
    public override string Title => $"cuDNN {Version}";
}

/// <summary>
/// The forward-compatibility libraries of a lock. Their <see cref="LockedRedist.Version"/> is that of the driver that they come from, e.g.
/// <c>590.48.01</c>.
/// </summary>
public sealed record LockedCudaCompat : LockedRedist
{
    /// <summary>CUDA release that they bring, e.g. <c>13.1</c>.</summary>
    public required string Cuda { get; init; }

    /// <inheritdoc />
    public override string Title => $"cuda-compat {Version}";
}
