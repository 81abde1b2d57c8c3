using Torchyard.Trimming.Fatbins;

namespace Torchyard.Trimming.Rules;

/// <summary>
/// Which entries of a region stay. Whatever a target's driver could load stays, and not just what it would choose: libraries ask for
/// kernels by architecture themselves (NVIDIA, "cuBLAS: static library": <c>nvprune</c> must keep sm_80 beside sm_86).
/// </summary>
public static class TrimRule
{
    /// <summary>The version of the rule: part of the key of a layer, and of the lock.</summary>
    public const int Version = 1;

    /// <summary>For each entry of a region, whether it stays.</summary>
    public static bool[] Keeps(FatbinRegion region, TrimTargets targets)
    {
        ArgumentNullException.ThrowIfNull(region);
        ArgumentNullException.ThrowIfNull(targets);
        var keeps = new bool[region.Entries.Count];
        if (region.Doubt is not null)
        {
            Array.Fill(keeps, true);
            return keeps;
        }

        for (var index = 0; index < keeps.Length; index++)
        {
            var entry = region.Entries[index];
            keeps[index] = entry.Kind switch
            {
                EntryKind.Cubin => targets.Architectures.Any(target => MayRun(entry, target)),
                EntryKind.Ptx => targets.KeepPtx,
                _ => true,
            };
        }

        foreach (var target in targets.Architectures)
        {
            if (!region.Entries.Any(entry => entry.Kind == EntryKind.Cubin && Runs(entry, target)))
            {
                KeepPtx(region, target, keeps);
            }
        }

        return keeps;
    }

    /// <summary>A cubin that the GPU loads for sure.</summary>
    private static bool Runs(FatbinEntry entry, CudaArchitecture target) =>
        entry.Variant == EntryVariant.Plain ? IsBelow(entry.Architecture, target) : entry.Architecture == target;

    /// <summary>
    /// A cubin that the GPU may load: one with unknown flags is taken for a plain one, so that too much stays and not too little.
    /// </summary>
    private static bool MayRun(FatbinEntry entry, CudaArchitecture target) =>
        entry.Variant == EntryVariant.Specific ? entry.Architecture == target : IsBelow(entry.Architecture, target);

    /// <summary>CUDA C++ Programming Guide, "Binary Compatibility": from one minor revision to the next, within a major one.</summary>
    private static bool IsBelow(CudaArchitecture code, CudaArchitecture target) => code.Major == target.Major && code.Minor <= target.Minor;

    private static void KeepPtx(FatbinRegion region, CudaArchitecture target, bool[] keeps)
    {
        // The driver compiles the newest PTX that is not newer than the GPU.
        CudaArchitecture? newest = null;
        foreach (var entry in region.Entries)
        {
            if (entry is { Kind: EntryKind.Ptx, Variant: EntryVariant.Plain } && entry.Architecture <= target)
            {
                newest = newest is { } known && known > entry.Architecture ? known : entry.Architecture;
            }
        }

        for (var index = 0; index < keeps.Length; index++)
        {
            var entry = region.Entries[index];
            keeps[index] |=
                entry.Kind == EntryKind.Ptx
                && entry.Variant switch
                {
                    EntryVariant.Plain => entry.Architecture == newest,
                    EntryVariant.Specific => entry.Architecture == target,
                    _ => entry.Architecture <= target,
                };
        }
    }
}
