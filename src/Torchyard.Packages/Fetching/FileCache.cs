using System.Buffers;
using System.Security.Cryptography;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;

namespace Torchyard.Packages.Fetching;

/// <summary>
/// Files by hash: <c>sha256/ab/abcd…</c>. A file gets its name only after its hash was checked. Its modification time then carries a
/// stamp made of the hash, so that a later look costs one stat(2): a file that was written to since has another time and is hashed again.
/// </summary>
/// <param name="root">Directory of the cache.</param>
internal sealed class FileCache(string root)
{
    /// <summary>Final path of a file.</summary>
    public string PathOf(Digest digest) => Path.Combine(root, "sha256", digest.Hex[..2], digest.Hex);

    /// <summary>Path of a file that is not complete.</summary>
    public string PartialPathOf(Digest digest) => Path.Combine(PartialDirectory, digest.Hex);

    /// <summary>Directory of the files that are not complete.</summary>
    public string PartialDirectory => Path.Combine(root, "partial");

    /// <summary>Keeps other processes from fetching the same file; one lock serves 1/256 of all hashes.</summary>
    public Task<FileLock> LockAsync(Digest digest, CancellationToken cancellation) =>
        FileLock.AcquireAsync(LockPath(digest.Hex), exclusive: true, cancellation);

    /// <summary>Looks for a file; one that turns out bad is removed.</summary>
    /// <param name="digest">Its hash.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="always">True to hash it whatever its stamp says.</param>
    public CachedFile Look(Digest digest, long size, bool always = false)
    {
        var path = PathOf(digest);
        var info = new FileInfo(path);
        if (!info.Exists)
        {
            return CachedFile.Missing;
        }

        if (info.Length == size && !always && info.LastWriteTimeUtc == Stamp(digest))
        {
            return CachedFile.Good;
        }

        if (info.Length == size && HashOf(path) == digest)
        {
            File.SetLastWriteTimeUtc(path, Stamp(digest));
            return CachedFile.Good;
        }

        File.Delete(path);
        return CachedFile.Damaged;
    }

    /// <summary>True when the file is there and good; see <see cref="Look"/>.</summary>
    /// <param name="digest">Its hash.</param>
    /// <param name="size">Its size in bytes; null when it is not known.</param>
    public bool Has(Digest digest, long? size)
    {
        var info = new FileInfo(PathOf(digest));
        return info.Exists && Look(digest, size ?? info.Length) == CachedFile.Good;
    }

    /// <summary>Opens the partial file of a download; what is longer than the file can be is thrown away.</summary>
    public FileStream OpenPartial(VerifiedDownload download)
    {
        Directory.CreateDirectory(PartialDirectory);
        var file = new FileStream(
            PartialPathOf(download.Key),
            new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Read,
                BufferSize = 0,
                Options = FileOptions.Asynchronous,
            }
        );
        if (file.Length > download.Bound)
        {
            file.SetLength(0);
        }

        return file;
    }

    /// <summary>Gives a complete, checked partial file its name.</summary>
    /// <param name="key">Name of the partial file; see <see cref="VerifiedDownload.Key"/>.</param>
    /// <param name="digest">Its hash.</param>
    public string Commit(Digest key, Digest digest) => Take(PartialPathOf(key), digest);

    /// <summary>Moves a checked file into the cache.</summary>
    /// <param name="file">The file, on the same file system.</param>
    /// <param name="digest">Its hash.</param>
    public string Take(string file, Digest digest)
    {
        var path = PathOf(digest);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.SetLastWriteTimeUtc(file, Stamp(digest));
        File.Move(file, path, overwrite: true);
        return path;
    }

    /// <summary>Removes the partial files that nobody is at.</summary>
    /// <returns>Size of each, in bytes.</returns>
    public IReadOnlyList<long> RemovePartials()
    {
        var sizes = new List<long>();
        foreach (var file in new DirectoryInfo(PartialDirectory) is { Exists: true } directory ? directory.GetFiles() : [])
        {
            if (file.Extension == ".lock" || file.Name.Length < 2)
            {
                continue;
            }

            using var held = FileLock.TryAcquire(LockPath(file.Name), exclusive: true);
            if (held is not null && File.Exists(file.FullName))
            {
                sizes.Add(file.Length);
                file.Delete();
            }
        }

        return sizes;
    }

    private string LockPath(string hex) => Path.Combine(PartialDirectory, $"{hex[..2]}.lock");

    /// <summary>Hashes a file.</summary>
    public static Digest HashOf(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        try
        {
            int read;
            while ((read = stream.Read(buffer)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        Span<byte> value = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(value);
        return Digest.FromHash(value);
    }

    // A second between 1970 and 2004: no honest download ends with it by chance.
    private static DateTime Stamp(Digest digest) => DateTime.UnixEpoch.AddSeconds(Convert.ToInt32(digest.Hex[..7], 16) * 4L);
}

/// <summary>What <see cref="FileCache.Look"/> found.</summary>
internal enum CachedFile
{
    /// <summary>There is no such file.</summary>
    Missing,

    /// <summary>It is there and good.</summary>
    Good,

    /// <summary>It was there with other bytes, and is removed.</summary>
    Damaged,
}
