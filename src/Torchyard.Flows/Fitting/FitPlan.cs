using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Fitting;

/// <summary>The stacks that were chosen for the machines of a lock, before anything is resolved.</summary>
internal sealed record FitPlan
{
    /// <summary>What was asked for.</summary>
    public required FitRequest Request { get; init; }

    /// <summary>One stack for all machines, or the smallest set.</summary>
    public required IReadOnlyList<FleetStack> Stacks { get; init; }

    /// <summary>Who named the machines.</summary>
    public required FitOrigin Origin { get; init; }

    /// <summary><c>--torch</c>, or null.</summary>
    public string? AskedTorch { get; init; }

    /// <summary><c>--build</c>, or null.</summary>
    public string? AskedBuild { get; init; }

    /// <summary><c>--glibc</c>, or null.</summary>
    public string? AskedGlibc { get; init; }
}
