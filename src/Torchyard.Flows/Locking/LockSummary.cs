using System.Text.Json.Serialization;
using Torchyard.Flows.Locks;
using Torchyard.Images.Build;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Locking;

/// <summary>A lock that was written, or would be.</summary>
internal sealed record LockSummary
{
    /// <summary>Its file.</summary>
    public required string Lock { get; init; }

    /// <summary>Debian and Python packages.</summary>
    public required int Packages { get; init; }

    /// <summary>Their size in bytes, as fetched.</summary>
    public required long Bytes { get; init; }

    /// <summary>PyTorch release, or null when no fit was asked for.</summary>
    public required string? Torch { get; init; }

    /// <summary>PyTorch build, or null.</summary>
    public required string? Build { get; init; }

    /// <summary>Names of the machines that it serves.</summary>
    public required IReadOnlyList<string> Machines { get; init; }

    /// <summary>What it has otherwise than the lock before.</summary>
    public required IReadOnlyList<LockChange> Changes { get; init; }

    /// <summary>NVIDIA's cuDNN, or null.</summary>
    public CudnnSummary? Cudnn { get; private init; }

    /// <summary>NVIDIA's forward-compatibility libraries, or null.</summary>
    public CudaCompatSummary? CudaCompat { get; private init; }

    /// <summary>The stack as a line for people, or null.</summary>
    [JsonIgnore]
    public string? Stack { get; private init; }

    public static LockSummary Of(PlacedLock placed, RecipeLock? before)
    {
        var after = placed.Lock;
        return new LockSummary
        {
            Lock = placed.Path,
            Packages = after.Packages.Count + (after.Python?.Packages.Count ?? 0),
            Bytes = LayerSources.ForQuestions.Files(after, static _ => true).Sum(file => file.Size),
            Torch = after.Fit?.Torch,
            Build = after.Fit?.Build,
            Machines = [.. after.Fit?.Machines.Select(machine => machine.Name) ?? []],
            Changes = LockChanges.Between(before, after),
            Cudnn = after.Cudnn is { } cudnn ? new CudnnSummary(cudnn.Version, cudnn.Cuda, cudnn.License) : null,
            CudaCompat = after.CudaCompat is { } compat ? new CudaCompatSummary(compat.Version, compat.Cuda, compat.License) : null,
            Stack = after.Fit is { } fit ? Line(fit) : null,
        };
    }

    private static string Line(LockedFit fit)
    {
        var parts = new[] { ("CUDA", fit.Cuda), ("cuDNN", fit.Cudnn), ("NCCL", fit.Nccl), ("Triton", fit.Triton) }
            .Where(pair => pair.Item2 is not null)
            .Select(pair => $"{pair.Item1} {pair.Item2}");
        var machines = fit
            .Machines.Select(machine =>
                $"{(machine.Gpus.Count == 0 ? "no GPU" : string.Join(", ", machine.Gpus))}"
                + $"{(machine.Driver is { } driver ? $" with driver {driver}" : "")}"
            )
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return $"PyTorch {fit.Torch} {fit.Build} for "
            + $"{string.Join("; ", machines.Take(4))}{(machines.Count > 4 ? $" and {machines.Count - 4} more" : "")}"
            + (fit.Cuda is null ? "" : $" ({string.Join(", ", parts)})");
    }
}

/// <summary>The cuDNN of a lock.</summary>
/// <param name="Version">Release.</param>
/// <param name="Cuda">Major version of CUDA.</param>
/// <param name="License">Address of the licence that the recipe accepts.</param>
internal sealed record CudnnSummary(string Version, int Cuda, string License);

/// <summary>The forward-compatibility libraries of a lock.</summary>
/// <param name="Version">Driver that they come from.</param>
/// <param name="Cuda">CUDA release that they bring.</param>
/// <param name="License">Address of the licence that the recipe accepts.</param>
internal sealed record CudaCompatSummary(string Version, string Cuda, string License);
