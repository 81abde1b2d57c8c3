using System.Text.RegularExpressions;

namespace Torchyard.Platform.Files;

/// <summary>
/// What <see cref="AtomicFile"/> had under its temporary name when its process was killed. Nobody reads such a file again; one that is
/// young may belong to a process that is about to rename it, perhaps on another machine with the same store.
/// </summary>
public static partial class UnfinishedFiles
{
    private static readonly TimeSpan Young = TimeSpan.FromMinutes(10);

    /// <summary>Removes those of a store.</summary>
    /// <param name="paths">The store.</param>
    /// <param name="clock">Clock.</param>
    public static void Remove(StorePaths paths, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(clock);
        // Not in layers, volumes, homes and containers: what is there is not Torchyard's own.
        foreach (var directory in new[] { paths.Root, paths.Oci, paths.Filters, paths.Containers, Path.Combine(paths.Root, "ssh") })
        {
            Remove(directory, "*", SearchOption.TopDirectoryOnly, clock);
        }

        foreach (
            var directory in new[]
            {
                Path.Combine(paths.Root, "build"),
                Path.Combine(paths.Root, "gpus"),
                Path.Combine(paths.Oci, "blobs"),
                paths.Indexes,
            }
        )
        {
            Remove(directory, "*", SearchOption.AllDirectories, clock);
        }
    }

    /// <summary>True for the name of such a file, finished or not.</summary>
    public static bool IsOne(string name) => Name().IsMatch(name);

    /// <summary>Removes those of one file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="clock">Clock.</param>
    public static void RemoveBeside(string path, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        Remove(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*", SearchOption.TopDirectoryOnly, clock);
    }

    private static void Remove(string directory, string pattern, SearchOption depth, TimeProvider clock)
    {
        if (!Directory.Exists(directory))
        {
            return;
        }

        var before = clock.GetUtcNow().UtcDateTime - Young;
        foreach (var file in Directory.EnumerateFiles(directory, pattern, depth).Where(file => Name().IsMatch(file)))
        {
            // A file that is gone has the year 1601: the other command's removal is as good as this one.
            if (File.GetLastWriteTimeUtc(file) < before)
            {
                File.Delete(file);
            }
        }
    }

    [GeneratedRegex(@"\.[0-9a-f]{1,8}-[0-9a-f]{32}\.tmp\z")]
    private static partial Regex Name();
}
