using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;
using Torchyard.Mirror.Store;
using Torchyard.Mirror.Watching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;

namespace Torchyard.Mirror.Upstreams;

/// <summary>
/// Fetches one blob of a registry into a growing file, in one stream: a connection that is cut goes on where it was, and what an earlier
/// run of the mirror left is not fetched again.
/// </summary>
internal sealed class UpstreamBlob(RegistryConnection connection, string repository, GrowingBlob blob, Counters counters)
{
    // A connection that brought so much before it was cut does not count as a try.
    private const long Much = 1 << 20;
    private const int BufferSize = 1 << 18;

    private string What => $"blob {blob.Digest}";

    /// <summary>Fetches it to its end, and compares it with its digest.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Most bytes that it may have.</param>
    /// <param name="expected">Bytes, as a manifest says; null when none does.</param>
    /// <param name="cancellation">Ends it; what came stays.</param>
    /// <exception cref="TorchyardException">The registry refuses it, or does not manage; TY6008: it is another.</exception>
    public async Task FetchAsync(string path, long most, long? expected, CancellationToken cancellation)
    {
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var isHandedOver = false;
        try
        {
            using var hash = ContentDigest.Begin(blob.Digest.IsLong);
            var length = await HashAsync(file, hash, cancellation);
            long? total = null;
            for (var attempt = 1; ; )
            {
                var before = length;
                try
                {
                    using var open = await OpenAsync(length, cancellation);
                    if (!isHandedOver)
                    {
                        total = RequireTotal(open.Total ?? expected, expected, most);
                        if (length > total)
                        {
                            throw RegistryErrors.WrongContent(connection.Registry, What, "more of it was there than it has");
                        }

                        blob.Begin(file, length, total);
                        isHandedOver = true;
                    }

                    length = await ReceiveAsync(
                        open,
                        file,
                        hash,
                        length,
                        new Limits(total, most, reached => length = reached),
                        cancellation
                    );
                    break;
                }
                catch (HttpFailureException failure)
                {
                    attempt = length - before >= Much ? 1 : attempt;
                    if (!connection.Settings.Retry.IsWorthAnother(attempt, failure))
                    {
                        throw RegistryRefusal.Of(connection, failure, What);
                    }

                    await connection.PauseAsync(attempt++, failure, cancellation);
                }
            }

            if (ContentDigest.End(hash) is var actual && actual != blob.Digest)
            {
                throw RegistryErrors.WrongContent(connection.Registry, What, $"its bytes have {actual}");
            }
        }
        catch (TorchyardException failure) when (failure.Code == RegistryCodes.WrongContent)
        {
            File.Delete(path);
            throw;
        }
        finally
        {
            if (!isHandedOver)
            {
                file.Dispose();
            }
        }
    }

    private async Task<OpenSource> OpenAsync(long offset, CancellationToken cancellation)
    {
        var response = await connection.SendOnceAsync(
            new RegistryRequest(HttpMethod.Get, connection.At(repository, $"blobs/{blob.Digest}"), What)
            {
                Scopes = RegistryRequest.Pull(repository),
                Prepare = message => message.Headers.Range = offset > 0 ? new RangeHeaderValue(offset, null) : null,
            },
            cancellation
        );
        try
        {
            if (
                offset > 0
                && response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
                && response.Content.Headers.ContentRange?.Length == offset
            )
            {
                // All of it is there; its end was not seen.
                return new OpenSource(Stream.Null, offset, offset, response.Dispose);
            }

            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            {
                throw await RegistryRefusal.OfAsync(connection, response, What, cancellation);
            }

            if (response.Content.Headers.ContentType?.MediaType == "text/html")
            {
                throw RegistryErrors.NotARegistry(connection.Registry, What, "it is a web page");
            }

            return await OpenSource.OfAsync(connection.Http, response, offset, null, static () => { }, cancellation);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private long? RequireTotal(long? total, long? expected, long most) =>
        expected is { } said && total != said
            ? throw RegistryErrors.WrongContent(connection.Registry, What, $"it has {total} bytes, its manifest says {said}")
        : total > most ? throw RegistryErrors.WrongContent(connection.Registry, What, $"it has {total} bytes, and the mirror takes {most}")
        : total;

    private async Task<long> ReceiveAsync(
        OpenSource open,
        SafeFileHandle file,
        System.Security.Cryptography.IncrementalHash hash,
        long length,
        Limits limits,
        CancellationToken cancellation
    )
    {
        // A registry that begins anew although it was asked for the rest.
        var skip = length - open.Start;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await open.ReadAsync(buffer, cancellation)) > 0)
            {
                counters.Fetched(connection.Registry, read);
                var passed = (int)Math.Min(skip, read);
                skip -= passed;
                var fresh = buffer.AsMemory(passed, read - passed);
                if (length + fresh.Length > (limits.Total ?? limits.Most))
                {
                    throw RegistryErrors.WrongContent(connection.Registry, What, "it has more bytes than it said");
                }

                if (fresh.Length > 0)
                {
                    RandomAccess.Write(file, fresh.Span, length);
                    hash.AppendData(fresh.Span);
                    length += fresh.Length;
                    limits.Reached(length);
                    blob.Grow(length);
                }
            }

            return skip > 0 || length < limits.Total ? throw new HttpFailureException("the connection was cut", isTransient: true) : length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task<long> HashAsync(
        SafeFileHandle file,
        System.Security.Cryptography.IncrementalHash hash,
        CancellationToken cancellation
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long length = 0;
            int read;
            while ((read = await RandomAccess.ReadAsync(file, buffer, length, cancellation)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                length += read;
            }

            return length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly record struct Limits(long? Total, long Most, Action<long> Reached);
}
