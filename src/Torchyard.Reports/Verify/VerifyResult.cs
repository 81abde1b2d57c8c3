using System.Text.Json.Serialization;

namespace Torchyard.Reports.Verify;

/// <summary>How one proof ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VerifyOutcome>))]
public enum VerifyOutcome
{
    /// <summary>It was executed and its result is right.</summary>
    Passed,

    /// <summary>It was executed and failed, or could not be executed although this GPU has the feature.</summary>
    Failed,

    /// <summary>This GPU does not have the feature; not a failure.</summary>
    NotSupported,

    /// <summary>It was not tried, for example for want of a second GPU; the detail says why.</summary>
    Skipped,
}

/// <summary>One proof of <c>verify</c>.</summary>
public sealed record VerifyResult
{
    /// <summary>memory, matrix, copy, peer, nccl or pytorch.</summary>
    public required string Area { get; init; }

    /// <summary>What was tried.</summary>
    public required string Name { get; init; }

    /// <summary>How it ended.</summary>
    public required VerifyOutcome Outcome { get; init; }

    /// <summary>Numbers of a success, or what went wrong and what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>Wall-clock time.</summary>
    public required double Seconds { get; init; }

    /// <summary>Number among the visible devices, or null for a proof over all of them.</summary>
    public int? Gpu { get; init; }

    /// <summary>Largest error as a share of the stated bound; at most 1 for a success.</summary>
    public double? ErrorOverBound { get; init; }
}
