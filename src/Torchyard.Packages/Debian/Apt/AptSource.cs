namespace Torchyard.Packages.Debian.Apt;

/// <summary>One archive suite of the machine's apt sources.</summary>
/// <param name="Uri">Archive root as written, without a slash at the end.</param>
/// <param name="Suite">Suite.</param>
/// <param name="Components">Components; empty for a flat archive.</param>
/// <param name="SignedBy">Keyring files and fingerprints; empty for apt's trusted keys.</param>
/// <param name="SignedByKey">A key block written into the source itself, or null.</param>
/// <param name="CheckValidUntil">False when the source says not to look at Valid-Until.</param>
/// <param name="CheckDate">False when the source says not to look at Date.</param>
/// <param name="File">The file it stands in.</param>
internal sealed record AptSource(
    string Uri,
    string Suite,
    IReadOnlyList<string> Components,
    IReadOnlyList<string> SignedBy,
    string? SignedByKey,
    bool? CheckValidUntil,
    bool? CheckDate,
    string File);
