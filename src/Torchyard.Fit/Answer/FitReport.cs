using Torchyard.Fit.Data;

namespace Torchyard.Fit.Answer;

/// <summary>Answer to a request for one or more machines.</summary>
public sealed record FitReport
{
    /// <summary>The chosen stack on each machine, in the order of the machines; empty when none fits all of them.</summary>
    public required IReadOnlyList<StackVerdict> Chosen { get; init; }

    /// <summary>
    /// When no stack fits all: the smallest sets that do, each with the machines that it serves; machines that nothing serves are missing.
    /// One entry when a stack fits all.
    /// </summary>
    public required IReadOnlyList<FleetStack> Stacks { get; init; }

    /// <summary>When the request cannot be met: the nearest stack that fits all machines, null if there is none.</summary>
    public IReadOnlyList<StackVerdict> Nearest { get; init; } = [];

    /// <summary>When the request cannot be met: for each machine in the way, the oldest driver with which it is not.</summary>
    public IReadOnlyList<DriverHelp> Drivers { get; init; } = [];

    /// <summary>When the request cannot be met: the reasoning for its best stack, one entry a machine.</summary>
    public IReadOnlyList<StackVerdict> Refused { get; init; } = [];

    /// <summary>True when one stack fits all machines.</summary>
    public bool Fits => Chosen.Count > 0;

    /// <summary>True when every machine has a stack, be it one for all or several.</summary>
    public required bool ServesAll { get; init; }
}

/// <summary>A stack and the machines that it serves.</summary>
/// <param name="Candidate">The stack.</param>
/// <param name="Machines">Its verdicts on these machines.</param>
public sealed record FleetStack(StackCandidate Candidate, IReadOnlyList<StackVerdict> Machines);

/// <summary>The driver that would help a machine.</summary>
/// <param name="Target">The machine.</param>
/// <param name="Driver">The oldest that helps; null when none does.</param>
/// <param name="Last">The GPU of the machine whose last branch limits what may be installed, or null.</param>
/// <param name="LastBranch">That branch.</param>
public sealed record DriverHelp(FitTarget Target, DottedVersion? Driver, string? Last = null, int? LastBranch = null);
