using Torchyard.Platform.Digests;

namespace Torchyard.Images.Layers;

/// <summary>A finished layer and the directory of its mounted form.</summary>
/// <param name="Key">Key of what it is made from.</param>
/// <param name="Layer">The layer with its line of history.</param>
/// <param name="Root">Its mounted form: in the store when <paramref name="IsCached"/>, else in the build's directory.</param>
/// <param name="IsCached">True when the store had it.</param>
internal sealed record MadeLayer(Digest Key, ImageLayer Layer, string Root, bool IsCached)
{
    /// <summary>The layer of a key, if the store has it whole.</summary>
    internal static MadeLayer? Find(LayerCache cache, Digest key, string history) =>
        cache.Find(key) is { } cached
            ? new MadeLayer(key, new ImageLayer(cached, history), cache.MountedPath(cached.DiffId), IsCached: true)
            : null;
}
