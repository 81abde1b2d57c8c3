namespace Torchyard.Platform.Files;

/// <summary>The working directory of one build, or of another piece of work that may be killed, below the store's <c>tmp/</c>; held by a lock, so that the leavings of a killed build are known.</summary>
public sealed class BuildDirectory : IDisposable
{
    private const string Prefix = "build-";
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
        var held = FileLock.TryAcquire(path + ".lock", exclusive: true) ?? throw new InvalidOperationException("a new lock is taken");
        Directory.CreateDirectory(path);
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

        foreach (var file in Directory.EnumerateFiles(paths.Temporary, Prefix + "*.lock"))
        {
            using var free = FileLock.TryAcquire(file, exclusive: true);
            if (free is not null)
            {
                Remove(file[..^".lock".Length]);
                File.Delete(file);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Remove(Path);
        File.Delete(Path + ".lock");
        _held.Dispose();
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
