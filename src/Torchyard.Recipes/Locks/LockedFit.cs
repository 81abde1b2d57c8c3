namespace Torchyard.Recipes.Locks;

/// <summary>Who named the machines that a lock was made for.</summary>
public enum FitOrigin
{
    /// <summary>The machine that locked.</summary>
    Machine,

    /// <summary>The recipe's <c>[fit]</c>.</summary>
    Recipe,

    /// <summary>Options of the command line; they hold until others are given.</summary>
    Options,
}

/// <summary>The PyTorch stack of a lock, and the machines that it was checked against.</summary>
public sealed record LockedFit
{
    /// <summary>PyTorch release, e.g. <c>2.9.1</c>.</summary>
    public required string Torch { get; init; }

    /// <summary>Build, e.g. <c>cu128</c>.</summary>
    public required string Build { get; init; }

    /// <summary>CPython of the image, e.g. <c>3.13</c>.</summary>
    public required string Python { get; init; }

    /// <summary>glibc that the wheels may ask for: that of the image, or an older one that was asked for.</summary>
    public required string Glibc { get; init; }

    /// <summary>CUDA release of the build; null for a build without.</summary>
    public string? Cuda { get; init; }

    /// <summary>cuDNN as the wheel's METADATA pins it; null where it does not.</summary>
    public string? Cudnn { get; init; }

    /// <summary>NCCL as the wheel's METADATA pins it; null where it does not.</summary>
    public string? Nccl { get; init; }

    /// <summary>NVSHMEM as the wheel's METADATA pins it; null where it does not.</summary>
    public string? Nvshmem { get; init; }

    /// <summary>Triton as the wheel's METADATA pins it; null where it does not.</summary>
    public string? Triton { get; init; }

    /// <summary>Who named the machines.</summary>
    public FitOrigin Origin { get; init; }

    /// <summary><c>--torch</c> as it was given; null without it.</summary>
    public string? AskedTorch { get; init; }

    /// <summary><c>--build</c> as it was given; null without it.</summary>
    public string? AskedBuild { get; init; }

    /// <summary><c>--glibc</c> as it was given; null without it.</summary>
    public string? AskedGlibc { get; init; }

    /// <summary>The machines that this lock serves.</summary>
    public IReadOnlyList<LockedMachine> Machines { get; init; } = [];
}

/// <summary>A machine that the stack was checked against.</summary>
public sealed record LockedMachine
{
    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>GPU models, as <c>--gpu</c> takes them; empty for a machine without.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>NVIDIA driver, or null when it is not known.</summary>
    public string? Driver { get; init; }

    /// <summary><c>x86_64</c> or <c>aarch64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>What each rule found, one line a rule: outcome, rule, fact, sources in brackets.</summary>
    public required IReadOnlyList<string> Rules { get; init; }
}
