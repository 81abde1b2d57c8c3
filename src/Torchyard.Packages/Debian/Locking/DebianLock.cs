using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Debian.Locking;

/// <summary>The Debian part of a lock.</summary>
/// <param name="Archives">The archive suites that were read, with their canonical addresses.</param>
/// <param name="Packages">The packages, by name then architecture (ordinal).</param>
/// <param name="SourceDateEpoch">Newest Date of the Release files, seconds since 1970.</param>
public sealed record DebianLock(IReadOnlyList<LockedArchive> Archives, IReadOnlyList<LockedDebianPackage> Packages, long SourceDateEpoch);
