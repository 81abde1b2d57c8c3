namespace Torchyard.Packages.Python.Wheels;

/// <summary>A file that installing a wheel makes.</summary>
public sealed record InstalledFile
{
    /// <summary>Path relative to the virtual environment.</summary>
    public required string Path { get; init; }

    /// <summary>True for mode 0755, false for 0644: pip's rule, whatever else the archive says.</summary>
    public required bool Executable { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Hash for RECORD; null for RECORD itself.</summary>
    public required RecordHash? Hash { get; init; }

    /// <summary>The wheel's file that it is a copy of, or null.</summary>
    public WheelFile? Source { get; init; }

    /// <summary>Its content when it is made here, or null.</summary>
    public ReadOnlyMemory<byte>? Content { get; init; }
}

/// <summary>Everything that installing one wheel puts into the virtual environment, by path (ordinal).</summary>
/// <param name="Wheel">The wheel.</param>
/// <param name="Files">The files.</param>
public sealed record InstallPlan(WheelArchive Wheel, IReadOnlyList<InstalledFile> Files)
{
    /// <summary>Bytes of all files.</summary>
    public long Size { get; } = Files.Sum(f => f.Size);
}
