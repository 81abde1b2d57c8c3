using Torchyard.Images.Configure;
using Torchyard.Images.Deb;
using Torchyard.Images.Tar;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Layers;

/// <summary>A layer of packages on its way.</summary>
/// <param name="Packages">Its packages, in name order.</param>
/// <param name="Key">Key of what it is made from.</param>
/// <param name="Root">Directory of its mounted form.</param>
/// <param name="Cached">The finished layer when the store had it.</param>
/// <param name="Unpacked">Its packages, once they lie below <see cref="Root"/>.</param>
internal sealed record PackageLayer(
    IReadOnlyList<LockedDebianPackage> Packages, Digest Key, string Root, PackedLayer? Cached, Task<UnpackedLayer> Unpacked)
{
    private List<TarEntry>? _modules;

    /// <summary>
    /// Modules whose bytecode this layer gets, in name order; only after unpacking, and none for a finished layer, which has its bytecode.
    /// </summary>
    internal IReadOnlyList<TarEntry> Modules => _modules ??= FindModules();

    private List<TarEntry> FindModules()
    {
        var unpacked = Unpacked.Result.Packages;
        var byName = unpacked.ToLookup(package => package.Package.Name, StringComparer.Ordinal);
        var modules = new Dictionary<string, TarEntry>(StringComparer.Ordinal);
        foreach (var call in unpacked.SelectMany(BytecodeCalls.Foresee))
        {
            // Modules of another layer's package are compiled with the stage.
            foreach (var module in byName[call.Package].SelectMany(owner => BytecodeCalls.Modules(call, owner.Entries)))
            {
                modules.TryAdd(module.Name, module);
            }
        }

        return [.. modules.Values.OrderBy(module => module.Name, StringComparer.Ordinal)];
    }
}

/// <summary>The packages of a layer when they lie in it.</summary>
/// <param name="Packages">In name order.</param>
/// <param name="Contended">Places that several of them wanted; see <see cref="LayerCollisions"/>.</param>
internal sealed record UnpackedLayer(IReadOnlyList<UnpackedPackage> Packages, IReadOnlyList<string> Contended);
