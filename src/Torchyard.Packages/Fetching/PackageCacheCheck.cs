using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Fetching;

/// <summary>Hashes every file of the package cache, Debian packages and wheels alike.</summary>
public static class PackageCacheCheck
{
    /// <summary>Reads the whole cache.</summary>
    /// <param name="store">The store.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Hashes of the files with other content than their names say.</returns>
    public static IReadOnlyList<Digest> Run(StorePaths store, IProgressSink progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(progress);
        var root = new DirectoryInfo(Path.Combine(store.Packages, "sha256"));
        var files = root.Exists ? root.GetFiles("*", SearchOption.AllDirectories) : [];
        var damaged = new List<Digest>();
        if (files.Length == 0)
        {
            return damaged;
        }

        using var task = progress.Begin("Checking the package cache", files.Sum(file => file.Length));
        foreach (var file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Digest.TryParse(file.Name, out var digest) && FileCache.HashOf(file.FullName) != digest)
            {
                damaged.Add(digest);
            }

            task.Advance(file.Length);
        }

        task.Done($"{Count.Of(files.Length, "file")}, {damaged.Count} damaged");
        return damaged;
    }
}
