using System.Text.Json.Serialization;

namespace Torchyard.Gpus.Verify;

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
/// <param name="Gpu">Number among the visible devices, or null for a proof over all of them.</param>
/// <param name="Area">memory, matrix, copy, peer, nccl or pytorch.</param>
/// <param name="Name">What was tried.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Detail">Numbers of a success, or what went wrong and what to do.</param>
/// <param name="Seconds">Wall-clock time.</param>
public sealed record VerifyResult(int? Gpu, string Area, string Name, VerifyOutcome Outcome, string Detail, double Seconds)
{
    /// <summary>Largest error as a share of the stated bound; at most 1 for a success.</summary>
    public double? ErrorOverBound { get; init; }
}
