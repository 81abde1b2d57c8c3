namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// The options that pip knows in requirement files (pip documentation, "Requirements File Format"; <c>pip/_internal/req/req_file.py</c>).
/// </summary>
internal enum PipOption
{
    Requirement,
    Constraint,
    Editable,
    IndexUrl,
    ExtraIndexUrl,
    NoIndex,
    FindLinks,
    NoBinary,
    OnlyBinary,
    PreferBinary,
    RequireHashes,
    Pre,
    TrustedHost,
    UseFeature,
    Hash,
    ConfigSettings,
    GlobalOption,
}

/// <summary>An option of a requirement file as it is written.</summary>
internal sealed record WrittenOption
{
    /// <summary>Which it is.</summary>
    public required PipOption Option { get; init; }

    /// <summary>Its full name.</summary>
    public required string Name { get; init; }

    /// <summary>Its value; empty for a flag.</summary>
    public required string Value { get; init; }

    /// <summary>Index of the option in the line.</summary>
    public required int At { get; init; }

    /// <summary>Index of the value.</summary>
    public required int ValueAt { get; init; }
}
