using Torchyard.Packages.Python.Markers;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>What METADATA of a wheel says about the distribution (packaging.python.org, "Core metadata specifications").</summary>
public sealed record WheelMetadata
{
    /// <summary>Most bytes of a METADATA file that are read; long descriptions stay far below.</summary>
    public const int SizeLimit = 8 << 20;

    /// <summary>Name as its author writes it.</summary>
    public required string Name { get; init; }

    /// <summary>Version as its author writes it.</summary>
    public required string Version { get; init; }

    /// <summary>Requires-Dist lines (dependency specifiers, PEP 508).</summary>
    public required IReadOnlyList<string> RequiresDist { get; init; }

    /// <summary>Requires-Python, or null.</summary>
    public required string? RequiresPython { get; init; }

    /// <summary>Provides-Extra lines.</summary>
    public required IReadOnlyList<string> Extras { get; init; }

    /// <summary>Reads a METADATA file, from a wheel or from an index (PEP 658).</summary>
    /// <exception cref="InvalidDataException">It breaks the format, or lacks name or version.</exception>
    public static WheelMetadata Parse(ReadOnlySpan<byte> content)
    {
        if (content.Length > SizeLimit)
        {
            throw new InvalidDataException($"METADATA has more than {SizeLimit} bytes");
        }

        var headers = MetadataHeaders.Parse(content);
        var name = headers.Single("Name");
        var version = headers.Single("Version");
        if (name is null || !ProjectName.TryParse(name, out _) || string.IsNullOrEmpty(version))
        {
            throw new InvalidDataException("METADATA has no proper Name and Version");
        }

        if (
            headers.Single("Metadata-Version") is not { } format
            || !format.StartsWith("1.", StringComparison.Ordinal) && !format.StartsWith("2.", StringComparison.Ordinal)
        )
        {
            throw new InvalidDataException("METADATA has an unknown Metadata-Version");
        }

        return new WheelMetadata
        {
            Name = name,
            Version = version,
            RequiresDist = [.. headers.All("Requires-Dist")],
            RequiresPython = headers.Single("Requires-Python"),
            Extras = [.. headers.All("Provides-Extra")],
        };
    }
}
