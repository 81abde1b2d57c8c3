using System.Text;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Layers;

/// <summary>Names for results of a build: digests of everything that decides their bytes.</summary>
internal static class BuildKey
{
    /// <summary>Version of the rules by which layers are made; raised whenever the same packages would give other bytes.</summary>
    internal const int Format = 3;

    /// <summary>Key of a layer of packages.</summary>
    /// <param name="packages">Its packages.</param>
    /// <param name="interpreter">Key of the interpreter that compiles its modules; empty for none.</param>
    /// <param name="locked">Gives compression and compressor.</param>
    internal static Digest Layer(IEnumerable<LockedDebianPackage> packages, string interpreter, RecipeLock locked) => Of(
        "layer of packages", [interpreter, Packing(locked), .. packages.Select(package => package.Sha256.Hex).Order(StringComparer.Ordinal)]);

    /// <summary>Key of what configuring a stage changes.</summary>
    internal static Digest Stage(string previous, IEnumerable<Digest> layers, long epoch, RecipeLock locked) => Of(
        "stage", [previous, Packing(locked), epoch.ToString(System.Globalization.CultureInfo.InvariantCulture), .. layers.Select(layer => layer.Hex)]);

    /// <summary>Digest of a kind and its parts.</summary>
    internal static Digest Of(string kind, IEnumerable<string> parts) =>
        Digest.Of(Encoding.UTF8.GetBytes($"torchyard {kind} {Format}\n{string.Join('\n', parts)}\n"));

    private static string Packing(RecipeLock locked) =>
        $"{locked.Recipe.Image.Compression} {locked.Recipe.Image.Level} {locked.Tools.Compressor}";
}
