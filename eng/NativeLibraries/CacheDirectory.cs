namespace Torchyard.NativeLibraries;

/// <summary>A directory with the files of one pin file. It appears by rename, so it is either whole or not there.</summary>
internal static class CacheDirectory
{
    public static async Task EnsureAsync(string pinFile, string directory, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        await using var held = await LockAsync(directory + ".lock", cancellation);
        if (Directory.Exists(directory))
        {
            return;
        }

        var pins = PinFile.Read(pinFile);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(5) };
        var download = new PackageDownload(http, [.. DebianMirrors.InOrder(pins.Snapshot)]);
        var partial = directory + ".partial";
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        foreach (var package in pins.Packages)
        {
            Console.Error.WriteLine($"fetching {Path.GetFileName(package.PoolPath)} ({package.Size / 1024} KiB)");
            var deb = await download.GetAsync(package, cancellation);
            foreach (var (file, (content, mode)) in DebPackage.Take(package, deb))
            {
                Write(Path.Combine(partial, file.Name), content, mode);
            }
        }

        Directory.Move(partial, directory);
    }

    private static void Write(string path, byte[] content, UnixFileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (var stream = new FileStream(path, FileMode.Create, FileAccess.Write))
        {
            stream.Write(content);
            stream.Flush(flushToDisk: true);
        }

        File.SetUnixFileMode(path, mode | UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Waits for another build that fills the same cache. .NET holds the file by flock(2), which ends with the process.</summary>
    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation);
            }
        }
    }
}
