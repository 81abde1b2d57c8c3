using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Platform;
using Torchyard.Platform.Files;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>
/// Wheels and source archives of the package cache, <c>packages/sha256/ab/abcd…</c>: fetched once, hashed while they stream, resumed after a break,
/// and there under their hash by rename only when it is right.
/// </summary>
public sealed class WheelCache(StorePaths store, IndexTransport transport)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Path of a cached wheel; it need not exist.</summary>
    public string PathOf(Digest sha256) => Path.Combine(store.Packages, "sha256", sha256.Hex[..2], sha256.Hex);

    /// <summary>Takes a file that was made on this machine into the cache; it is moved there.</summary>
    /// <param name="file">The file, on the store's file system.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Its place and hash.</returns>
    public async Task<(string Path, Digest Sha256)> AddAsync(string file, CancellationToken cancellation)
    {
        Digest sha256;
        await using (var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1))
        {
            sha256 = Digest.FromHash(await SHA256.HashDataAsync(stream, cancellation));
            stream.Flush(flushToDisk: true);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(sha256))!);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.Move(file, PathOf(sha256), overwrite: true);
        return (PathOf(sha256), sha256);
    }

    /// <summary>Gives the wheel's file, fetching it if need be.</summary>
    /// <param name="url">Where it is: https, or a file of this machine.</param>
    /// <param name="expected">Its SHA-256 when that is known; else whatever comes is kept under its own.</param>
    /// <param name="size">Its size when that is known.</param>
    /// <param name="task">Told of every byte.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2505; TY2508 when the bytes are not those of the hash.</exception>
    public Task<(string Path, Digest Sha256)> GetAsync(Uri url, Digest? expected, long? size, IProgressTask task, CancellationToken cancellation) =>
        GetAsync(url, expected, size, long.MaxValue, task, cancellation);

    /// <summary>As above, and no more than so many bytes, whatever the server sends.</summary>
    /// <param name="url">Where it is: https, or a file of this machine.</param>
    /// <param name="expected">Its SHA-256 when that is known; else whatever comes is kept under its own.</param>
    /// <param name="size">Its size when that is known.</param>
    /// <param name="limit">Most bytes that are taken.</param>
    /// <param name="task">Told of every byte.</param>
    /// <param name="cancellation">Ends it; the part that came stays for the next try.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2505; TY2508 when the bytes are not those of the hash.</exception>
    public async Task<(string Path, Digest Sha256)> GetAsync(
        Uri url, Digest? expected, long? size, long limit, IProgressTask task, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (expected is { } known && File.Exists(PathOf(known)))
        {
            task.Advance(new FileInfo(PathOf(known)).Length);
            return (PathOf(known), known);
        }

        Directory.CreateDirectory(store.Temporary);
        var key = expected?.Hex ?? Digest.Of(System.Text.Encoding.UTF8.GetBytes(url.AbsoluteUri)).Hex;
        var part = Path.Combine(store.Temporary, $"wheel-{key}.part");
        using var held = await FileLock.AcquireAsync(part + ".lock", exclusive: true, cancellation);
        if (expected is { } now && File.Exists(PathOf(now)))
        {
            return (PathOf(now), now);
        }

        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var actual = await DownloadAsync(url, part, expected is not null, size, limit, task, cancellation);
                if (expected is { } wanted && actual != wanted)
                {
                    File.Delete(part);
                    throw new TorchyardException(
                        "TY2508", $"{IndexProblem.Show(url)} has SHA-256 {actual.Hex}, and must have {wanted.Hex}",
                        "The file was changed on the way or at its source; nothing of it was used. Try another index, or lock again if the change is known to be right");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(PathOf(actual))!);
                File.SetUnixFileMode(part, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
                File.Move(part, PathOf(actual), overwrite: true);
                return (PathOf(actual), actual);
            }
            catch (Exception cut) when (cut is IOException or HttpRequestException && cut is not FileNotFoundException && attempt < 5)
            {
                // The connection broke: go on where it stopped.
            }
            catch (Exception cut) when (cut is IOException or HttpRequestException)
            {
                throw IndexProblem.Unreachable(url, cut.Message, cut);
            }
        }
    }

    private async Task<Digest> DownloadAsync(
        Uri url, string part, bool resume, long? size, long most, IProgressTask task, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var have = resume ? await HashExistingAsync(file, hash, buffer, cancellation) : 0;
            file.SetLength(have);
            var (body, from) = await OpenAsync(url, have, cancellation);
            await using (body)
            {
                if (from != have)
                {
                    // The server sent the whole file again.
                    _ = hash.GetHashAndReset();
                    file.SetLength(0);
                    file.Position = 0;
                }

                int read;
                while ((read = await body.ReadAsync(buffer.AsMemory(0, BufferSize), cancellation)) > 0)
                {
                    if (size is { } limit && file.Position + read > limit)
                    {
                        throw new TorchyardException("TY2508", $"{IndexProblem.Show(url)} is longer than its {limit} bytes", "Try another index, or lock again");
                    }

                    if (file.Position + read > most)
                    {
                        throw new TorchyardException("TY2508", $"{IndexProblem.Show(url)} is longer than {most} bytes, more than is taken from there", "Check the address; large data does not belong into a source archive");
                    }

                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                    task.Advance(read);
                }
            }

            if (size is { } whole && file.Position < whole)
            {
                throw new IOException($"the answer ends after {file.Position} of {whole} bytes");
            }

            file.Flush(flushToDisk: true);
            return Digest.FromHash(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<long> HashExistingAsync(FileStream file, IncrementalHash hash, byte[] buffer, CancellationToken cancellation)
    {
        int read;
        while ((read = await file.ReadAsync(buffer.AsMemory(0, BufferSize), cancellation)) > 0)
        {
            hash.AppendData(buffer, 0, read);
        }

        return file.Position;
    }

    private async Task<(Stream Body, long From)> OpenAsync(Uri url, long have, CancellationToken cancellation)
    {
        if (url.IsFile)
        {
            var local = new FileStream(url.LocalPath, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            local.Position = Math.Min(have, local.Length);
            return (local, local.Position);
        }

        var response = await transport.GetAsync(
            url,
            request =>
            {
                // A compressed answer would have other bytes than the file.
                request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
                request.Headers.Range = have > 0 ? new RangeHeaderValue(have, null) : null;
            },
            cancellation);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            response.Dispose();
            response = await transport.GetAsync(url, null, cancellation);
        }

        if (!response.IsSuccessStatusCode)
        {
            response.Dispose();
            throw new TorchyardException(
                "TY2507", $"{IndexProblem.Show(url)} is not there (status {(int)response.StatusCode})",
                "Run 'torchyard lock' again: the index has removed the file, or the mirror lacks it");
        }

        var from = response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? -1 : 0;
        return (await transport.OpenBodyAsync(response, cancellation), from);
    }
}
