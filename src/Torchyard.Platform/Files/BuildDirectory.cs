using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// The working directory of one build, or of another piece of work that may be killed, below the store's <c>tmp/</c>; held by a lock, so
/// that the leavings of killed work are known. Nothing else is to be made in <c>tmp/</c> but what <see cref="RemoveLeftovers"/> knows.
/// </summary>
public sealed class BuildDirectory : IDisposable
{
    private const string Prefix = "build-";
    private const string LockEnding = ".lock";
    private readonly FileLock _held;

    private BuildDirectory(string path, FileLock held)
    {
        Path = path;
        _held = held;
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>Makes a new one.</summary>
    public static BuildDirectory Create(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var path = System.IO.Path.Combine(paths.Temporary, Prefix + Guid.NewGuid().ToString("N"));
        var held = FileLock.TryAcquire(path + LockEnding, exclusive: true) ?? throw new InvalidOperationException("a new lock is taken");
        StoreDirectory.Create(path);
        foreach (var list in new[] { "system.posix_acl_default", "system.posix_acl_access" })
        {
            // What is made in it would inherit the list that the store's place has (setfacl -d), and mounted layers would differ from their
            // blobs.
            _ = XattrCalls.Remove(path, list);
        }

        return new BuildDirectory(path, held);
    }

    /// <summary>Removes what killed builds left.</summary>
    public static void RemoveAbandoned(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (!Directory.Exists(paths.Temporary))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(paths.Temporary, Prefix + "*" + LockEnding))
        {
            using var free = FileLock.TryAcquire(file, exclusive: true);
            if (free is not null)
            {
                Remove(file[..^LockEnding.Length]);
                File.Delete(file);
            }
        }
    }

    /// <summary>
    /// Removes everything in <c>tmp/</c> that nobody holds: what has a lock file beside it belongs to its holder, and what has none to
    /// nobody. The caller holds the store alone.
    /// </summary>
    public static void RemoveLeftovers(StorePaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        RemoveAbandoned(paths);
        if (!Directory.Exists(paths.Temporary))
        {
            return;
        }

        foreach (
            var name in Directory
                .GetFileSystemEntries(paths.Temporary)
                .Select(entry => System.IO.Path.GetFileName(entry)!)
                .Select(name => name.EndsWith(LockEnding, StringComparison.Ordinal) ? name[..^LockEnding.Length] : name)
                .Distinct()
                .ToList()
        )
        {
            var path = System.IO.Path.Combine(paths.Temporary, name);
            var lockFile = path + LockEnding;
            using var free = File.Exists(lockFile) ? FileLock.TryAcquire(lockFile, exclusive: true) : null;
            if (free is not null || !File.Exists(lockFile))
            {
                Remove(path);
                File.Delete(lockFile);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Remove(Path);
        File.Delete(Path + LockEnding);
        _held.Dispose();
    }

    // A sandbox may have left anything in it.
    private static void Remove(string path) => ConfinedDirectory.Remove(path);
}
