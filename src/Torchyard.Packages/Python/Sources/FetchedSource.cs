using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>An archive with a part of a source.</summary>
/// <param name="File">The archive, on this machine.</param>
/// <param name="Name">File name that says its format, e.g. <c>lib-1.0.tar.gz</c>.</param>
/// <param name="Prefix">Directory of the source that it belongs in, with a final slash; empty for the top.</param>
public sealed record SourcePart(string File, string Name, string Prefix);

/// <summary>A source that was fetched and verified. What was made for it alone goes with it.</summary>
/// <param name="Source">What the lock says about it; without what it is built with.</param>
/// <param name="Parts">Its archives, in the order in which they are laid out.</param>
/// <param name="Work">Directory that was made for it, or null.</param>
/// <param name="Repository">Directory that becomes <c>.git</c> of the source, on the store's file system; null for an archive.</param>
public sealed record FetchedSource(
    LockedSource Source,
    IReadOnlyList<SourcePart> Parts,
    BuildDirectory? Work = null,
    string? Repository = null
) : IDisposable
{
    /// <summary>Name for messages.</summary>
    public string Shown => Source.Filename ?? $"{Source.Url}@{Source.Commit}";

    /// <inheritdoc />
    public void Dispose() => Work?.Dispose();
}
