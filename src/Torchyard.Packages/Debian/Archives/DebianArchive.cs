using Torchyard.Packages.Debian.Signing;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>One suite of one archive, and how to get at it from this machine.</summary>
internal sealed record DebianArchive
{
    /// <summary>Name in the lock: the suite.</summary>
    public required string Id { get; init; }

    /// <summary>The archive root that stands in the lock, the same on every machine.</summary>
    public required string CanonicalUri { get; init; }

    /// <summary>Suite.</summary>
    public required string Suite { get; init; }

    /// <summary>Components.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Archive roots to try, in order.</summary>
    public required IReadOnlyList<Uri> Mirrors { get; init; }

    /// <summary>Keys that may sign it.</summary>
    public required TrustedKeys Keys { get; init; }

    /// <summary>Look at Date and at the machine's clock.</summary>
    public bool CheckDate { get; init; } = true;

    /// <summary>Look at Valid-Until.</summary>
    public bool CheckValidUntil { get; init; } = true;

    /// <summary>True for snapshot.debian.org: dates of then count, not of today.</summary>
    public bool IsSnapshot { get; init; }
}
