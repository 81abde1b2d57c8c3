using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes;

namespace Torchyard.Packages.Fetching;

/// <summary>A file of a lock that the package cache does not have.</summary>
/// <param name="Name">What it is: <c>bash 5.2.37-2</c>.</param>
/// <param name="File">Name of the file.</param>
/// <param name="Size">Bytes.</param>
public sealed record MissingFile(string Name, string File, long Size);

/// <summary>Which files of a lock have to be fetched: packages of Debian, wheels, cuDNN, cuda-compat.</summary>
public static class MissingFiles
{
    /// <summary>What the package cache lacks, in the lock's order; damaged files count as missing.</summary>
    public static IReadOnlyList<MissingFile> Of(StorePaths store, RecipeLock locked)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(locked);
        var cache = new FileCache(store.Packages);
        var wheels = locked.Python?.Packages ?? [];
        return [.. Wanted(locked, cache).Where(one => !cache.Has(one.Sha256, one.File.Size)).Select(one => one.File)];
    }

    /// <summary>Refuses to go on when something would have to be fetched.</summary>
    /// <exception cref="TorchyardException">TY2055: files are missing; the message has all of them.</exception>
    public static void Refuse(StorePaths store, RecipeLock locked)
    {
        var missing = Of(store, locked);
        if (missing.Count == 0)
        {
            return;
        }

        throw new TorchyardException(
            "TY2055",
            $"--offline forbids to fetch, and the store lacks {missing.Count} {(missing.Count == 1 ? "file" : "files")}, {ByteSize.Decimal(missing.Sum(file => file.Size))}:\n"
            + string.Join('\n', missing.Select(file => $"  {file.Name}: {file.File}, {ByteSize.Decimal(file.Size)}")),
            $"Run the command once without --offline where the network is; or copy {Path.Combine(store.Packages, "sha256")} from a store that has them");
    }

    private static IEnumerable<(MissingFile File, Digest Sha256)> Wanted(RecipeLock locked, FileCache cache)
    {
        var wheels = locked.Python?.Packages ?? [];
        // Wheels that were built from source are built again from what the lock has for that.
        var toBuild = wheels.Where(package => package.Source is not null && !cache.Has(package.Sha256, package.Size)).ToList();
        foreach (var package in toBuild.Count > 0 ? locked.Packages.Concat(locked.BuildPackages) : locked.Packages)
        {
            yield return (new MissingFile($"{package.Name} {package.Version}", package.Filename[(package.Filename.LastIndexOf('/') + 1)..], package.Size), package.Sha256);
        }

        foreach (var package in toBuild.Count > 0 ? wheels.Except(toBuild).Concat(locked.Python!.BuildPackages.Where(tool => tool.Source is null)) : wheels)
        {
            yield return (new MissingFile($"{package.Name} {package.Version} (Python)", package.Filename, package.Size), package.Sha256);
        }

        foreach (var package in toBuild)
        {
            yield return package.Source is { Sha256: { } sum, Size: { } size, Filename: { } archive }
                ? (new MissingFile($"{package.Name} {package.Version} (Python, source)", archive, size), sum)
                : (new MissingFile($"{package.Name} {package.Version} (Python, built from {package.Source!.Url})", package.Filename, package.Size), package.Sha256);
        }

        foreach (var archive in new LockedRedist?[] { locked.Cudnn, locked.CudaCompat }.OfType<LockedRedist>())
        {
            yield return (new MissingFile(archive.Title, archive.FileName, archive.Size), archive.Sha256);
        }
    }
}
