using System.Text.Json.Serialization;

namespace Torchyard.Flows.Locking;

/// <summary>What came of locking.</summary>
/// <param name="DryRun">Nothing was written.</param>
/// <param name="Locks">The locks: several where no PyTorch fits all machines of a fleet.</param>
internal sealed record LockOutcome(bool DryRun, IReadOnlyList<LockSummary> Locks)
{
    /// <summary>There was no lock before.</summary>
    [JsonIgnore]
    public bool IsNew { get; init; }
}

/// <summary>Whether a lock fits its recipe.</summary>
/// <param name="Lock">Its file.</param>
/// <param name="Fits">It does.</param>
/// <param name="Reasons">Why not.</param>
internal sealed record LockCheck(string Lock, bool Fits, IReadOnlyList<string> Reasons);
