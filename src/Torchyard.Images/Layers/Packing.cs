using System.Globalization;
using Torchyard.Platform.Compression;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Layers;

/// <summary>How a layer's entries become a blob: what decides its bytes beside them.</summary>
/// <param name="Settings">Compression and level.</param>
/// <param name="Compressor">Compressor and version, e.g. <c>libzstd 1.5.7</c>.</param>
internal sealed record Packing(ImageSettings Settings, string Compressor)
{
    /// <summary>The part of every key that stands for it.</summary>
    internal string Key => string.Create(CultureInfo.InvariantCulture, $"{Settings.Compression} {Settings.Level} {Compressor}");

    /// <summary>That of a lock.</summary>
    internal static Packing Of(RecipeLock locked) => new(locked.Recipe.Image, locked.Tools.Compressor);

    /// <summary>That of this program.</summary>
    internal static Packing Of(ImageSettings settings) =>
        new(
            settings,
            CompressorVersion.Of(settings.Compression == LayerCompression.Gzip ? CompressionFormat.Gzip : CompressionFormat.Zstd)
        );
}
