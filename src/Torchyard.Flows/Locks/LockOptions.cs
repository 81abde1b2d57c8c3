namespace Torchyard.Flows.Locks;

/// <summary>What the command line says about a lock. What is null or empty, the earlier lock, the recipe or the machine decides.</summary>
internal sealed record LockOptions
{
    /// <summary>No options.</summary>
    public static LockOptions None { get; } = new();

    /// <summary>PyTorch line, release or range.</summary>
    public string? Torch { get; init; }

    /// <summary>Build of PyTorch.</summary>
    public string? Build { get; init; }

    /// <summary>GPU models.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>NVIDIA driver.</summary>
    public string? Driver { get; init; }

    /// <summary>Oldest glibc that the wheels must run on.</summary>
    public string? Glibc { get; init; }

    /// <summary>Fleet file, absolute.</summary>
    public string? Fleet { get; init; }

    /// <summary>Take the newest of everything.</summary>
    public bool Upgrade { get; init; }

    /// <summary>Take the newest of these packages.</summary>
    public IReadOnlyList<string> UpgradePackages { get; init; } = [];

    /// <summary>Ask no index and no archive.</summary>
    public bool Offline { get; init; }

    /// <summary>Write nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// The earlier lock is damaged: what it says of files is not taken over, only the state of its archives and its versions.
    /// </summary>
    public bool IsSalvage { get; init; }

    /// <summary>True when machines are named.</summary>
    public bool NamesMachines => Gpus.Count > 0 || Driver is not null || Fleet is not null;

    /// <summary>True when there is anything that a lock which fits its recipe may not answer.</summary>
    public bool AsksAnew =>
        NamesMachines || Torch is not null || Build is not null || Glibc is not null || Upgrade || UpgradePackages.Count > 0;
}
