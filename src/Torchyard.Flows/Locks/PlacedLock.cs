using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Locks;

/// <summary>A lock and the file that it belongs in.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Lock">The lock.</param>
internal sealed record PlacedLock(string Path, RecipeLock Lock);
