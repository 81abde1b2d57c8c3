using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Layers;

/// <summary>A layer of packages on its way.</summary>
internal sealed record PackageLayer
{
    /// <summary>Its packages, in name order.</summary>
    public required IReadOnlyList<LockedDebianPackage> Packages { get; init; }

    /// <summary>Key of what it is made from.</summary>
    public required Digest Key { get; init; }

    /// <summary>Directory of its mounted form.</summary>
    public required string Root { get; init; }

    /// <summary>The finished layer when the store had it.</summary>
    public required PackedLayer? Cached { get; init; }

    /// <summary>Its packages, once they lie below <see cref="Root"/>.</summary>
    public required Task<UnpackedLayer> Unpacked { get; init; }

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
