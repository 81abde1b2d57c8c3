using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Mirror.Store;

/// <summary>
/// Content by its digest: a file each, that appears by rename when all of it is there, right, and on the disk. When it was used last is
/// the time of the file, so that a restart knows it.
/// </summary>
internal sealed class BlobStore
{
    // Times of files are written so often at most.
    private static readonly TimeSpan Grain = TimeSpan.FromMinutes(1);

    // As long as an upload that is begun may rest.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<ContentDigest, DateTimeOffset> _used = new();
    private readonly string _blobs;
    private readonly TimeProvider _clock;
    private long _bytes;

    /// <summary>Opens it, and counts what is there.</summary>
    /// <param name="root">Directory of the mirror, which is there.</param>
    /// <param name="clock">Clock of uses.</param>
    public BlobStore(string root, TimeProvider clock)
    {
        _clock = clock;
        _blobs = Path.Combine(root, "blobs");
        Temporary = Path.Combine(root, "tmp");
        StoreDirectory.Create(_blobs, StoreDirectory.OwnerOnly);
        StoreDirectory.Create(Temporary, StoreDirectory.OwnerOnly);
        _bytes = All().Sum(blob => blob.Size);
    }

    /// <summary>Where files are until they have a name.</summary>
    public string Temporary { get; }

    /// <summary>Bytes of all blobs.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Size of a blob; null when it is not there.</summary>
    public long? SizeOf(ContentDigest digest) => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    /// <summary>Opens a blob; null when it is not there.</summary>
    public SafeFileHandle? TryOpen(ContentDigest digest)
    {
        try
        {
            var handle = File.OpenHandle(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Use(digest);
            return handle;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Content of a small blob; null when it is not there.</summary>
    public byte[]? TryRead(ContentDigest digest, int limit) => RegularFile.TryRead(PathOf(digest), limit);

    /// <summary>Says that a blob is used now, so that it stays.</summary>
    public void Use(ContentDigest digest)
    {
        var now = _clock.GetUtcNow();
        if (_used.TryGetValue(digest, out var before) && now - before < Grain)
        {
            return;
        }

        _used[digest] = now;
        try
        {
            File.SetLastWriteTimeUtc(PathOf(digest), now.UtcDateTime);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            // It is not there, or is removed at this moment.
        }
    }

    /// <summary>When a blob was used last; null when it is not there.</summary>
    public DateTimeOffset? UsedAt(ContentDigest digest) =>
        new FileInfo(PathOf(digest)) is not { Exists: true } file ? null
        : _used.TryGetValue(digest, out var used) ? used
        : new DateTimeOffset(file.LastWriteTimeUtc);

    /// <summary>Gives a file of <see cref="Temporary"/> its place. Its bytes are those of the digest.</summary>
    /// <param name="path">The file, which is closed.</param>
    /// <param name="file">The file, open, to put it onto the disk.</param>
    /// <param name="digest">Its digest.</param>
    public void Commit(string path, SafeFileHandle file, ContentDigest digest)
    {
        RandomAccess.FlushToDisk(file);
        var place = PathOf(digest);
        var directory = Path.GetDirectoryName(place)!;
        StoreDirectory.Create(directory, StoreDirectory.OwnerOnly);
        var isNew = !File.Exists(place);
        var size = RandomAccess.GetLength(file);
        File.Move(path, place, overwrite: true);
        Flush(directory);
        Flush(Path.GetDirectoryName(directory)!);
        if (isNew)
        {
            Interlocked.Add(ref _bytes, size);
        }

        Use(digest);
    }

    /// <summary>Puts a small blob there.</summary>
    public void Write(ReadOnlySpan<byte> content, ContentDigest digest)
    {
        if (SizeOf(digest) is not null)
        {
            Use(digest);
            return;
        }

        var path = Path.Combine(Temporary, $"write-{Guid.NewGuid():N}");
        try
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
            RandomAccess.Write(file, content, 0);
            Commit(path, file, digest);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Removes a blob. Those who have it open read on.</summary>
    /// <returns>Bytes that it had; 0 when it was not there.</returns>
    public long Remove(ContentDigest digest)
    {
        if (SizeOf(digest) is not { } size)
        {
            return 0;
        }

        File.Delete(PathOf(digest));
        _used.TryRemove(digest, out _);
        Interlocked.Add(ref _bytes, -size);
        return size;
    }

    /// <summary>Removes what a fetch or a write left behind that nobody went on with for a day.</summary>
    public void RemoveUnfinished()
    {
        var oldest = _clock.GetUtcNow().UtcDateTime - Patience;
        foreach (var file in new DirectoryInfo(Temporary).EnumerateFiles().Where(file => file.LastWriteTimeUtc < oldest))
        {
            file.Delete();
        }
    }

    /// <summary>All blobs.</summary>
    public IEnumerable<StoredBlob> All()
    {
        foreach (var file in new DirectoryInfo(_blobs).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (ContentDigest.TryParse($"{file.Directory!.Parent!.Name}:{file.Name}", out var digest))
            {
                yield return new StoredBlob(digest, file.Length, new DateTimeOffset(file.LastWriteTimeUtc));
            }
        }
    }

    private string PathOf(ContentDigest digest) => Path.Combine(_blobs, digest.Algorithm, digest.Hex[..2], digest.Hex);

    /// <summary>Puts the names of a directory onto the disk.</summary>
    private static void Flush(string directory)
    {
        using var handle = OpenCalls.Open(directory, OpenFlags.Directory | OpenFlags.CloseOnExec);
        if (!handle.IsInvalid)
        {
            RandomAccess.FlushToDisk(handle);
        }
    }
}

/// <summary>A blob that is there.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Used">When it was used last, to a minute.</param>
internal readonly record struct StoredBlob(ContentDigest Digest, long Size, DateTimeOffset Used);
