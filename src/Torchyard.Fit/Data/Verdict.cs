using System.Text.Json.Serialization;

namespace Torchyard.Fit.Data;

/// <summary>Outcome of a rule, from best to worst.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FitOutcome>))]
public enum FitOutcome
{
    /// <summary>It works.</summary>
    [JsonStringEnumMemberName("pass")]
    Pass,

    /// <summary>It works with a limit, or on a condition that the fact names.</summary>
    [JsonStringEnumMemberName("limited")]
    Limited,

    /// <summary>It does not work.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,
}

/// <summary>What one rule found: a node of the reasoning.</summary>
public sealed record Verdict
{
    /// <summary>Stable id of the rule, e.g. <c>driver</c>.</summary>
    public required string Rule { get; init; }

    /// <summary>Outcome; of a node with parts, the worst of them.</summary>
    public required FitOutcome Outcome { get; init; }

    /// <summary>The fact that decided, one sentence.</summary>
    public required string Fact { get; init; }

    /// <summary>Ids of the sources in <c>sources.json</c>.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>What the node is made of.</summary>
    public IReadOnlyList<Verdict> Parts { get; init; } = [];

    internal static Verdict Of(string rule, FitOutcome outcome, string fact, params IEnumerable<string> sources) =>
        new()
        {
            Rule = rule,
            Outcome = outcome,
            Fact = fact,
            Sources = [.. sources],
        };

    internal static Verdict Combine(string rule, string fact, IReadOnlyList<Verdict> parts) =>
        new()
        {
            Rule = rule,
            Outcome = Worst(parts),
            Fact = fact,
            Parts = parts,
        };

    internal static FitOutcome Worst(IEnumerable<Verdict> parts) =>
        parts.Select(part => part.Outcome).DefaultIfEmpty(FitOutcome.Pass).Max();
}
