namespace Torchyard.Packages.Debian.Apt;

/// <summary>One archive suite of the machine's apt sources.</summary>
internal sealed record AptSource
{
    /// <summary>Archive root as written, without a slash at the end.</summary>
    public required string Uri { get; init; }

    /// <summary>Suite.</summary>
    public required string Suite { get; init; }

    /// <summary>Components; empty for a flat archive.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Keyring files and fingerprints; empty for apt's trusted keys.</summary>
    public required IReadOnlyList<string> SignedBy { get; init; }

    /// <summary>A key block written into the source itself, or null.</summary>
    public required string? SignedByKey { get; init; }

    /// <summary>False when the source says not to look at Valid-Until.</summary>
    public required bool? CheckValidUntil { get; init; }

    /// <summary>False when the source says not to look at Date.</summary>
    public required bool? CheckDate { get; init; }

    /// <summary>The file it stands in.</summary>
    public required string File { get; init; }
}
