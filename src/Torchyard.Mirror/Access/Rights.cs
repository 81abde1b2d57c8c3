using Torchyard.Registry.Mirrors;

namespace Torchyard.Mirror.Access;

/// <summary>What somebody may do who asks.</summary>
/// <param name="Anonymous">What everybody may.</param>
/// <param name="Token">The token that was sent; null for none.</param>
internal sealed record Rights(MirrorAccess Anonymous, MirrorToken? Token)
{
    /// <summary>True when something may be pulled by them, if perhaps not all.</summary>
    public bool IsKnown => Anonymous != MirrorAccess.None || Token is not null;

    /// <summary>True when everything may be pulled.</summary>
    public bool ReadsAll => Anonymous != MirrorAccess.None || Token is { Repositories: null };

    /// <summary>True when a repository may be pulled from.</summary>
    public bool Reads(string repository) => Anonymous != MirrorAccess.None || Token?.Covers(repository) == true;

    /// <summary>True when a repository may be pushed to.</summary>
    public bool Writes(string repository) =>
        Anonymous == MirrorAccess.Write || (Token is { Write: true } token && token.Covers(repository));
}
