using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>Gives the wheels of a lock from the cache, or from whichever mirror of the index this machine uses.</summary>
/// <param name="cache">The package cache.</param>
/// <param name="client">Finds files that the cache lacks.</param>
/// <param name="mirrors">Roots of the machine's own indexes, asked first; PyPI itself is asked only where there are none.</param>
/// <param name="directory">Directory that local wheels are relative to.</param>
/// <param name="progress">Told how far it is.</param>
public sealed class WheelFetcher(
    WheelCache cache,
    SimpleIndexClient client,
    IReadOnlyList<Uri> mirrors,
    string directory,
    IProgressSink progress
) : IWheelFetcher
{
    // Large wheels come few at a time: each is then there sooner, and becomes a layer while the next one comes. Small ones take their turns
    // beside them.
    private const long Large = 16 << 20;
    private const int LargeAtOnce = 2;
    private const int SmallAtOnce = 6;

    /// <inheritdoc />
    public IReadOnlyDictionary<LockedPythonPackage, Task<string>> Fetch(LockedPython locked, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        cache.RequireRoom(locked.Packages.Select(package => (package.Sha256, package.Size)));
        // Largest first: the last to finish is then a small one.
        var large = new SemaphoreSlim(LargeAtOnce);
        var small = new SemaphoreSlim(SmallAtOnce);
        var task = progress.Begin("Fetching wheels", locked.Packages.Sum(p => p.Size));
        var fetches = locked
            .Packages.OrderByDescending(p => p.Size)
            .ThenBy(p => p.Name, StringComparer.Ordinal)
            .ToDictionary(p => p, p => FetchOneAsync(p, locked, p.Size >= Large ? large : small, task, cancellation));
        _ = Task.WhenAll(fetches.Values)
            .ContinueWith(
                all =>
                {
                    if (all.IsCompletedSuccessfully)
                    {
                        task.Done($"{Count.Of(fetches.Count, "wheel")}");
                    }

                    task.Dispose();
                    large.Dispose();
                    small.Dispose();
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        return fetches;
    }

    private async Task<string> FetchOneAsync(
        LockedPythonPackage package,
        LockedPython locked,
        SemaphoreSlim gate,
        IProgressTask task,
        CancellationToken cancellation
    )
    {
        await gate.WaitAsync(cancellation);
        try
        {
            var url = cache.Has(package.Sha256, package.Size) ? new Uri("file:///") : await LocateAsync(package, locked, cancellation);
            return await cache.GetWheelAsync(url, package, task, cancellation);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Uri> LocateAsync(LockedPythonPackage package, LockedPython locked, CancellationToken cancellation)
    {
        if (package.Source is not null)
        {
            // Whoever fetches has them built first; only a store that was cleared meanwhile gets here.
            throw new TorchyardException(
                PackageCodes.NotOnIndex,
                $"{package.Filename} was built from source and is not in the store",
                "run the same command again: it is built again"
            );
        }

        if (package.Path is { } path)
        {
            return new Uri(Path.GetFullPath(path, directory));
        }

        return package.Index is null
            ? new Uri(package.Url ?? throw new InvalidDataException($"the lock names no source for {package.Name}"))
            : await LocateAsync(locked, package.Index, package.Name, package.Filename, package.Sha256, cancellation);
    }

    /// <summary>Finds where this machine's indexes have a file of a lock.</summary>
    /// <param name="locked">The lock, which has the indexes.</param>
    /// <param name="index">Id of the index that the file is from.</param>
    /// <param name="name">Normalised project name.</param>
    /// <param name="filename">The file.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2507.</exception>
    public async Task<Uri> LocateAsync(
        LockedPython locked,
        string? index,
        string name,
        string filename,
        Digest sha256,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(locked);
        var canonical = locked.Indexes.First(i => i.Id == index).Url;
        var roots = canonical == PythonIndexes.PyPI && mirrors.Count > 0 ? mirrors : [.. mirrors, new Uri(canonical)];
        foreach (var root in roots.Distinct())
        {
            var page = await client.FindProjectAsync(root, name, cancellation);
            if (page?.Files.FirstOrDefault(f => f.Filename == filename && (f.Sha256 is null || f.Sha256 == sha256)) is { } file)
            {
                return file.Url;
            }
        }

        throw new TorchyardException(
            PackageCodes.NotOnIndex,
            $"{string.Join(" and ", roots.Distinct().Select(IndexProblem.Show))} {(roots.Count == 1 ? "has" : "have")} no {filename} "
                + "with the lock's hash",
            "use an index or mirror that has it, or run 'torchyard lock --upgrade-package " + name + "'"
        );
    }
}
