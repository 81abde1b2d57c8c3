using System.Text.Json.Serialization;

namespace Torchyard.Flows.Importing;

/// <summary>What became of a part of somebody's file.</summary>
/// <param name="Place">File and line; the file alone where it is about all of it.</param>
/// <param name="From">As the file has it.</param>
/// <param name="To">What it is in the recipe; empty for what needs nothing.</param>
/// <param name="Note">What is to be said about it, or null.</param>
internal sealed record ImportRow(string Place, string From, string To, string? Note);

/// <summary>A line that did not get into the recipe.</summary>
/// <param name="Place">File and line.</param>
/// <param name="Text">The line.</param>
/// <param name="Why">Why not.</param>
internal sealed record ImportGap(string Place, string Text, string Why);

/// <summary>A recipe made of somebody's files.</summary>
internal sealed record ImportReport
{
    /// <summary>The recipe that was written.</summary>
    public required string Recipe { get; init; }

    /// <summary>What it was made from.</summary>
    public required string Origin { get; init; }

    /// <summary>Other files beside it that it could have been made from.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    /// <summary>What became what.</summary>
    public required IReadOnlyList<ImportRow> Rows { get; init; }

    /// <summary>What was not translated.</summary>
    public required IReadOnlyList<ImportGap> Gaps { get; init; }

    /// <summary>The recipe's text.</summary>
    public required string Text { get; init; }
}

/// <summary>Source-generated JSON of the report.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImportReport))]
internal sealed partial class ImportJson : JsonSerializerContext;
