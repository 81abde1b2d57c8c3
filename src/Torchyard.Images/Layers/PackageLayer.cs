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
    IReadOnlyList<LockedDebianPackage> Packages, Digest Key, string Root, PackedLayer? Cached, Task<IReadOnlyList<UnpackedPackage>> Unpacked)
{
    private List<IReadOnlyList<TarEntry>>? _groups;

    /// <summary>Modules to compile, by package; only after unpacking, and none for a finished layer, which has its bytecode.</summary>
    internal List<IReadOnlyList<TarEntry>> ModuleGroups => _groups ??= FindModules();

    /// <summary>Names of all modules whose bytecode this layer has or gets.</summary>
    internal IEnumerable<string> Modules => ModuleGroups.SelectMany(group => group).Select(module => module.Name);

    private List<IReadOnlyList<TarEntry>> FindModules()
    {
        var unpacked = Unpacked.Result;
        var byName = unpacked.ToLookup(package => package.Package.Name, StringComparer.Ordinal);
        var groups = new List<IReadOnlyList<TarEntry>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var call in unpacked.SelectMany(BytecodeCalls.Foresee))
        {
            // Modules of another layer's package are compiled with the stage.
            foreach (var owner in byName[call.Package])
            {
                var modules = BytecodeCalls.Modules(call, owner.Entries).Where(module => seen.Add(module.Name))
                    .OrderBy(module => module.Name, StringComparer.Ordinal).ToList();
                if (modules.Count > 0)
                {
                    groups.Add(modules);
                }
            }
        }

        return groups;
    }
}
