using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Fetching;

/// <summary>The files of locks in the package cache, of whatever source.</summary>
/// <param name="store">The store.</param>
public sealed class CachedFiles(StorePaths store)
{
    private readonly FileCache _cache = new(store.Packages);

    /// <summary>True when the file is there and good; one that turns out damaged is removed.</summary>
    public bool Has(LockedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _cache.Has(file.Sha256, file.Size);
    }

    /// <summary>Place of a file; it need not be there.</summary>
    public string PathOf(LockedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _cache.PathOf(file.Sha256);
    }

    /// <summary>What the cache lacks, in the order given; damaged files count as missing.</summary>
    public IReadOnlyList<LockedFile> Missing(IEnumerable<LockedFile> files) => [.. files.Where(file => !Has(file))];

    /// <summary>Refuses to go on when something would have to be fetched.</summary>
    /// <param name="files">What is needed.</param>
    /// <exception cref="TorchyardException">TY2055: files are missing; the message has all of them.</exception>
    public void Require(IEnumerable<LockedFile> files)
    {
        var missing = Missing(files.Where(file => file.Path is null));
        if (missing.Count == 0)
        {
            return;
        }

        throw new TorchyardException(
            "TY2055",
            $"--offline forbids to fetch, and the store lacks {Count.Of(missing.Count, "file")}, "
                + $"{ByteSize.Decimal(missing.Sum(file => file.Size))}:\n"
                + string.Join('\n', missing.Select(file => $"  {file.Label}: {file.FileName}, {ByteSize.Decimal(file.Size)}")),
            $"run the command once without --offline where the network is; or copy {Path.Combine(store.Packages, "sha256")} "
                + "from a store that has them"
        );
    }

    /// <summary>Hashes files of the cache; those that are damaged are removed, so that the next fetch brings them anew.</summary>
    /// <param name="files">The files; those that are not there are passed over.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>What was damaged.</returns>
    public IReadOnlyList<LockedFile> RemoveDamaged(IEnumerable<LockedFile> files, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(files);
        var damaged = new List<LockedFile>();
        foreach (var file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_cache.Look(file.Sha256, file.Size, always: true) == CachedFile.Damaged)
            {
                damaged.Add(file);
            }
        }

        return damaged;
    }
}
