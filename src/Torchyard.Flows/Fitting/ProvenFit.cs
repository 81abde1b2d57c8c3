using Torchyard.Fit.Data;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Fitting;

/// <summary>A PyTorch that was checked against the machines of a lock.</summary>
/// <param name="Fit">What the lock records of it.</param>
/// <param name="Machines">The verdict for each machine.</param>
internal sealed record ProvenFit(LockedFit Fit, IReadOnlyList<StackVerdict> Machines);
