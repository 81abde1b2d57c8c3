using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>One thing to install.</summary>
public sealed record RequirementLine
{
    /// <summary>The requirement; null for a local wheel or a bare URL, whose names say it.</summary>
    public Requirement? Requirement { get; init; }

    /// <summary>Absolute path of a local wheel, or null.</summary>
    public string? LocalWheel { get; init; }

    /// <summary>The whole requirement as somebody wrote it, without options; null where nobody did.</summary>
    public string? Written { get; init; }

    /// <summary>The path as the user wrote it.</summary>
    public string? WrittenPath { get; init; }

    /// <summary>URL of a wheel, or null.</summary>
    public Uri? Url { get; init; }

    /// <summary>A source that the wheel is to be built from, in the place of a wheel; or null.</summary>
    public SourceReference? Source { get; init; }

    /// <summary>SHA-256 hashes that the file may have (<c>--hash</c>, or the URL's fragment); empty for any.</summary>
    public IReadOnlyList<Digest> Hashes { get; init; } = [];

    /// <summary>Extras of a file without a requirement; else they stand there.</summary>
    public IReadOnlyList<string> Extras { get; init; } = [];

    /// <summary>Condition of a file without a requirement; else it stands there. Null for none.</summary>
    public Marker? Marker { get; init; }

    /// <summary>Where it is written; null for a command line or a preset.</summary>
    public SourceLocation? Place { get; init; }

    /// <summary>True when it names a file or a source, which no index is asked for.</summary>
    public bool IsDirect => LocalWheel is not null || Url is not null || Source is not null;

    /// <summary>True when it counts for an interpreter.</summary>
    public bool Applies(MarkerEnvironment environment) => (Requirement?.Marker ?? Marker)?.Evaluate(environment) != false;

    /// <summary>True for <c>name==version</c> with hashes: nothing is left to resolve.</summary>
    public bool IsPinned =>
        Requirement is { Url: null, Versions.Clauses: [{ Operator: Versions.VersionOperator.Equal, IsPrefix: false }] } && Hashes.Count > 0;

    /// <summary>
    /// A requirement of a distribution's own metadata, which may name a URL but neither a file of this machine nor a source over plain
    /// HTTP; null when it is none.
    /// </summary>
    internal static RequirementLine? OfMetadata(string text)
    {
        if (!Requirement.TryParse(text, out var requirement, out _))
        {
            return null;
        }

        var line = requirement.Url is { } url
            ? DirectReference.OfUrl(url, requirement, [], null)
            : new RequirementLine { Requirement = requirement };
        return (line.Url ?? line.Source?.Url)?.IsFile == true || line.Source?.Url.Scheme == Uri.UriSchemeHttp ? null : line;
    }
}
