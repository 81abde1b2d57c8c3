using Torchyard.Platform.Digests;

namespace Torchyard.Recipes.Locks;

/// <summary>A version that a lock has.</summary>
/// <param name="Name">Name, with what it is for where it is not a Debian package of the image.</param>
/// <param name="Version">The version, for people.</param>
internal sealed record LockedVersion(string Name, string Version)
{
    /// <summary>
    /// Hash of the file where nobody signs for it: other bytes under the same version are a change that must be seen. Null for the rest.
    /// </summary>
    public Digest? Sha256 { get; init; }
}
