namespace Torchyard.Flows.Removal;

/// <summary>Something of Torchyard's that could not be removed.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Why">Why it is still there.</param>
internal sealed record LeftPlace(string Path, string Why);
