using Torchyard.Gpus.Fit;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>A PyTorch that was held against the machines of a lock.</summary>
/// <param name="Fit">What the lock records of it.</param>
/// <param name="Machines">The verdict for each machine.</param>
internal sealed record ProvenFit(LockedFit Fit, IReadOnlyList<StackVerdict> Machines);
