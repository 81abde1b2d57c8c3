using System.Globalization;
using Torchyard.Images.Layers;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>Keys of the layers that Debian's packages make.</summary>
internal static class DebianKey
{
    /// <summary>Key of a layer of packages.</summary>
    /// <param name="packages">Its packages.</param>
    /// <param name="interpreter">Key of the interpreter that compiles its modules; empty for none.</param>
    /// <param name="packing">How it is packed.</param>
    internal static Digest Layer(IEnumerable<LockedDebianPackage> packages, string interpreter, Packing packing) =>
        BuildKey.Of(
            "layer of packages",
            [interpreter, packing.Key, .. packages.Select(package => package.Sha256.Hex).Order(StringComparer.Ordinal)]
        );

    /// <summary>Key of what configuring a stage changes.</summary>
    /// <param name="previous">That of the stage before; empty for the first.</param>
    /// <param name="layers">Keys of the layers between the two, bottom first.</param>
    /// <param name="epoch">Time of everything that is made.</param>
    /// <param name="packing">How it is packed.</param>
    internal static Digest Stage(string previous, IEnumerable<string> layers, long epoch, Packing packing) =>
        BuildKey.Of("stage", [previous, packing.Key, epoch.ToString(CultureInfo.InvariantCulture), .. layers]);
}
