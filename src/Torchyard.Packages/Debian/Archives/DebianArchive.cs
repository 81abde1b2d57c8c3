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

    /// <summary>What the recipe says of an archive beside Debian's own; null for Debian's.</summary>
    public FurtherArchive? Further { get; init; }

    /// <summary>Name of something in it, for people.</summary>
    public string NameOf(string part) => Further is null ? $"{Suite}/{part}" : $"{Id}/{part}".TrimEnd('/');

    /// <summary>Path of its directory of indexes below the root, with a slash at its end; empty for the root itself.</summary>
    public string Directory =>
        Further is { Settings.IsFlat: true }
            ? Suite.TrimStart('.').Trim('/') is { Length: > 0 } flat
                ? flat + "/"
                : ""
            : $"dists/{Suite}/";

    /// <summary>Path of the index of a component below <see cref="Directory"/>.</summary>
    public string IndexPath(string component, string architecture) =>
        Further is { Settings.IsFlat: true } ? "Packages" : $"{component}/binary-{architecture}/Packages";

    /// <summary>The components whose indexes are read; a flat archive has one without a name.</summary>
    public IReadOnlyList<string> Indexes => Further is { Settings.IsFlat: true } ? [""] : Components;

    /// <summary>True for snapshot.debian.org: dates of then count, not of today.</summary>
    public bool IsSnapshot { get; init; }
}
