using Torchyard.Platform;

namespace Torchyard.Recipes;

/// <summary>The cuDNN of a lock: one archive of NVIDIA's redistributable index, exactly.</summary>
public sealed record LockedCudnn
{
    /// <summary>Release, e.g. <c>9.0.0.312</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Major version of CUDA that it is built for, e.g. <c>12</c>.</summary>
    public required int Cuda { get; init; }

    /// <summary>Address of the archive at NVIDIA, without the machine's mirror.</summary>
    public required string Url { get; init; }

    /// <summary>Bytes of the archive.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the archive.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Where the licence is that the recipe accepts; the archive has it too, as <c>LICENSE</c>.</summary>
    public required string License { get; init; }

    /// <summary>Name of the archive's file.</summary>
    public string FileName => Url[(Url.LastIndexOf('/') + 1)..];
}
