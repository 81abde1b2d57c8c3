using Torchyard.Packages.Python.Indexes;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>Gives the wheels of a lock from the cache, or from whichever mirror of the index this machine uses.</summary>
public sealed class WheelFetcher(WheelCache cache, SimpleIndexClient client, IProgressSink progress)
{
    private const int Parallel = 8;

    /// <summary>Starts fetching; each task gives the path of a wheel whose SHA-256 is the lock's.</summary>
    /// <param name="locked">The lock's Python part.</param>
    /// <param name="mirrors">Id of an index of the lock to the root to use here; the lock's own URL for those that are missing.</param>
    /// <param name="directory">Directory that local wheels are relative to.</param>
    /// <param name="cancellation">Ends all.</param>
    public IReadOnlyDictionary<LockedPythonPackage, Task<string>> Fetch(
        LockedPython locked, IReadOnlyDictionary<string, Uri> mirrors, string directory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        // Largest first: the last to finish is then a small one.
        var gate = new SemaphoreSlim(Parallel);
        var task = progress.Begin("Fetching wheels", locked.Packages.Sum(p => p.Size));
        var fetches = locked.Packages.OrderByDescending(p => p.Size).ThenBy(p => p.Name, StringComparer.Ordinal)
            .ToDictionary(p => p, p => FetchOneAsync(p, locked, mirrors, directory, gate, task, cancellation));
        _ = Task.WhenAll(fetches.Values).ContinueWith(
            all =>
            {
                if (all.IsCompletedSuccessfully)
                {
                    task.Done($"{fetches.Count} wheels");
                }

                task.Dispose();
                gate.Dispose();
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return fetches;
    }

    private async Task<string> FetchOneAsync(
        LockedPythonPackage package,
        LockedPython locked,
        IReadOnlyDictionary<string, Uri> mirrors,
        string directory,
        SemaphoreSlim gate,
        IProgressTask task,
        CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            var url = File.Exists(cache.PathOf(package.Sha256)) ? new Uri("file:///") : await LocateAsync(package, locked, mirrors, directory, cancellation);
            return (await cache.GetAsync(url, package.Sha256, package.Size, task, cancellation)).Path;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Uri> LocateAsync(
        LockedPythonPackage package, LockedPython locked, IReadOnlyDictionary<string, Uri> mirrors, string directory, CancellationToken cancellation)
    {
        if (package.Path is { } path)
        {
            return new Uri(Path.GetFullPath(path, directory));
        }

        if (package.Index is null)
        {
            return new Uri(package.Url ?? throw new InvalidDataException($"the lock names no source for {package.Name}"));
        }

        var index = locked.Indexes.First(i => i.Id == package.Index);
        var root = mirrors.GetValueOrDefault(index.Id) ?? new Uri(index.Url);
        var page = await client.FindProjectAsync(root, package.Name, cancellation);
        var file = page?.Files.FirstOrDefault(f => f.Filename == package.Filename && (f.Sha256 is null || f.Sha256 == package.Sha256));
        return file?.Url ?? throw new TorchyardException(
            "TY2507", $"{IndexProblem.Show(root)} has no {package.Filename} with the lock's hash",
            "Use an index or mirror that has it, or run 'torchyard lock --upgrade-package " + package.Name + "'");
    }
}
