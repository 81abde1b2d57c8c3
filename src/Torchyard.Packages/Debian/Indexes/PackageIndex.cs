namespace Torchyard.Packages.Debian.Indexes;

/// <summary>One verified Packages file, in memory.</summary>
/// <param name="ArchiveId">Id of the archive that it came from, as the lock names it.</param>
/// <param name="Text">The stanzas.</param>
/// <param name="Start">Where the first stanza begins in <paramref name="Text"/>.</param>
/// <param name="PinPriority">
/// apt's default priority of the suite (apt_preferences(5)): 500, or 100 with <c>ButAutomaticUpgrades</c>, or 1 with <c>NotAutomatic</c>
/// alone.
/// </param>
internal sealed record PackageIndex(string ArchiveId, byte[] Text, int Start = 0, int PinPriority = 500);
