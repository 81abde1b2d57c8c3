namespace Torchyard.Registry.Policies;

/// <summary>What a site allows of one part of the world.</summary>
/// <param name="Match">A registry, a registry with the beginning of a path, or <c>*</c> for all.</param>
public sealed record PolicyRule(string Match)
{
    /// <summary>Images are named by their digest.</summary>
    public bool Digest { get; init; }

    /// <summary>Files with public keys, one of which signed the image; empty for none.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>True for images of a repository.</summary>
    internal bool Fits(string name) => Match == "*" || name == Match || name.StartsWith(Match + "/", StringComparison.Ordinal);
}
