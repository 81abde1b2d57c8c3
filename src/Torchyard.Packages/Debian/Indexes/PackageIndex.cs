namespace Torchyard.Packages.Debian.Indexes;

/// <summary>One verified Packages file, in memory.</summary>
/// <param name="ArchiveId">Id of the archive that it came from, as the lock names it; null for a file of the project.</param>
/// <param name="Text">The stanzas.</param>
/// <param name="Start">Where the first stanza begins in <paramref name="Text"/>.</param>
/// <param name="PinPriority">
/// apt's default priority of the suite (apt_preferences(5)): 500, or 100 with <c>ButAutomaticUpgrades</c>, or 1 with <c>NotAutomatic</c>
/// alone.
/// </param>
internal sealed record PackageIndex(string? ArchiveId, byte[] Text, int Start = 0, int PinPriority = 500)
{
    /// <summary>Path of the one package that it describes, a file of the project; null for the index of an archive.</summary>
    public string? File { get; init; }

    /// <summary>True for what is installed already in the image that is built on: it stays, and comes from nowhere else.</summary>
    public bool IsInstalled { get; init; }

    /// <summary>What may come from an archive beside Debian's own; null for Debian's, from which everything may.</summary>
    public NamePatterns? Names { get; init; }

    /// <summary>True for an archive beside Debian's own.</summary>
    public bool IsFurther => Names is not null;
}
