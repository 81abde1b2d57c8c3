using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Files;

namespace Torchyard.Mirror.Store;

/// <summary>
/// Blobs that clients are sending. What came is a file, so that an upload goes on after a restart; whoever knows the id of one, which
/// nobody guesses, goes on with it, in the repository that it was begun for.
/// </summary>
internal sealed class Uploads(string root, BlobStore blobs, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<string, Upload> _open = new(StringComparer.Ordinal);
    private readonly string _directory = Path.Combine(root, "uploads");

    /// <summary>Begins one.</summary>
    public Upload Begin(string repository)
    {
        var id = Guid.NewGuid().ToString("N");
        StoreDirectory.Create(_directory, StoreDirectory.OwnerOnly);
        var upload = new Upload(PathOf(repository, id), id, blobs, isNew: true);
        _open[Key(repository, id)] = upload;
        return upload;
    }

    /// <summary>One that was begun; null when there is none of that id.</summary>
    public Upload? Find(string repository, string id)
    {
        if (!Guid.TryParseExact(id, "N", out _))
        {
            return null;
        }

        var key = Key(repository, id.ToLowerInvariant());
        if (_open.TryGetValue(key, out var open))
        {
            return open;
        }

        var path = PathOf(repository, id.ToLowerInvariant());
        return File.Exists(path) ? _open.GetOrAdd(key, _ => new Upload(path, id.ToLowerInvariant(), blobs, isNew: false)) : null;
    }

    /// <summary>Forgets one that is finished, or is to be thrown away.</summary>
    public void Remove(string repository, Upload upload)
    {
        _open.TryRemove(Key(repository, upload.Id), out _);
        File.Delete(PathOf(repository, upload.Id));
    }

    /// <summary>Throws away what nobody went on with for a day.</summary>
    public void RemoveOld()
    {
        if (!Directory.Exists(_directory))
        {
            return;
        }

        var oldest = clock.GetUtcNow().UtcDateTime - Patience;
        foreach (var file in new DirectoryInfo(_directory).EnumerateFiles().Where(file => file.LastWriteTimeUtc < oldest))
        {
            _open.TryRemove(file.Name, out _);
            file.Delete();
        }
    }

    // The repository is in the name as a hash: an id is worth nothing in another one.
    private static string Key(string repository, string id) =>
        ContentDigest.Of(System.Text.Encoding.UTF8.GetBytes(repository)).Hex[..16] + "-" + id;

    private string PathOf(string repository, string id) => Path.Combine(_directory, Key(repository, id));
}

/// <summary>A blob that a client is sending.</summary>
internal sealed class Upload
{
    private readonly BlobStore _blobs;
    private readonly string _path;
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private IncrementalHash? _hash;

    public Upload(string path, string id, BlobStore blobs, bool isNew)
    {
        (_path, Id, _blobs) = (path, id, blobs);
        if (isNew)
        {
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
            _hash = ContentDigest.Begin(isLong: false);
        }
        else
        {
            Length = new FileInfo(path).Length;
        }
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>Bytes that came.</summary>
    public long Length { get; private set; }

    /// <summary>Waits until nobody else goes on with it: a connection that a client gave up may still be read.</summary>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellation)
    {
        var held = new Held();
        Task before;
        lock (_gate)
        {
            (before, _last) = (_last, Task.WhenAll(_last, held.Ended));
        }

        try
        {
            await before.WaitAsync(cancellation);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Adds what a client sends; what came before it was cut stays. The caller holds it.</summary>
    /// <param name="body">What is sent.</param>
    /// <param name="most">Most bytes that the blob may have.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>False when it became longer than it may be.</returns>
    public async Task<bool> AppendAsync(Stream body, long most, CancellationToken cancellation)
    {
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
            {
                if (Length + read > most)
                {
                    return false;
                }

                RandomAccess.Write(file, buffer.AsSpan(0, read), Length);
                _hash?.AppendData(buffer.AsSpan(0, read));
                Length += read;
            }

            return true;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Makes a blob of it. The caller holds it.</summary>
    /// <returns>False when its bytes have another digest.</returns>
    public async Task<bool> FinishAsync(ContentDigest wanted, CancellationToken cancellation)
    {
        using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        ContentDigest actual;
        if (_hash is { } hash && !wanted.IsLong)
        {
            actual = ContentDigest.End(hash);
        }
        else
        {
            actual = await HashAsync(file, wanted.IsLong, cancellation);
        }

        _hash = null;
        if (actual != wanted)
        {
            return false;
        }

        _blobs.Commit(_path, file, wanted);
        return true;
    }

    private static async Task<ContentDigest> HashAsync(SafeFileHandle file, bool isLong, CancellationToken cancellation)
    {
        using var hash = ContentDigest.Begin(isLong);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            long at = 0;
            int read;
            while ((read = await RandomAccess.ReadAsync(file, buffer, at, cancellation)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                at += read;
            }

            return ContentDigest.End(hash);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private sealed class Held : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Dispose() => _ended.TrySetResult();
    }
}
