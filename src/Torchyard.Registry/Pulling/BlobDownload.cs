using System.Buffers;
using System.Net;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Pulling;

/// <summary>
/// Fetches a blob into the store. A large one comes in several parts at once where the registry gives parts, which then go to the file in
/// order; hash and size are checked on the way, and a cut connection goes on where it was.
/// </summary>
internal sealed class BlobDownload(BlobSource source, StorePaths paths, PartBuffers buffers)
{
    /// <summary>A connection that brought so much before it was cut is not a failing registry; it does not count as a try.</summary>
    internal const int Much = 1 << 20;

    private const int PartsOfOne = 8;
    private const int BufferSize = 1 << 18;

    private readonly OciLayout _layout = new(paths);

    private RegistryConnection Connection => source.Connection;

    /// <summary>Fetches a blob, unless it is there.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="progress">Told of each byte once; what an earlier run had counts.</param>
    /// <param name="cancellation">Ends it; what came stays for the next run.</param>
    /// <exception cref="TorchyardException">TY6008: it is not what its digest says; TY3005: the disk is full; and what the registry
    /// says.</exception>
    public async Task FetchAsync(OciDescriptor blob, IProgressTask progress, CancellationToken cancellation)
    {
        var lockPath = IncomingBlob.PathOf(paths, blob.Digest) + ".lock";
        using var held = await FileLock.AcquireAsync(lockPath, exclusive: true, cancellation);
        var count = new ByteCount(progress);
        if (!_layout.HasBlob(blob.Digest, blob.Size))
        {
            using var incoming = IncomingBlob.Open(_layout, paths, blob, cancellation);
            count.Set(incoming.Length);
            await CompleteAsync(blob, incoming, count, cancellation);
            incoming.Commit();
        }

        count.Set(blob.Size);
        // Whoever waits for it finds the blob in its place.
        File.Delete(lockPath);
    }

    private async Task CompleteAsync(OciDescriptor blob, IncomingBlob incoming, ByteCount count, CancellationToken cancellation)
    {
        var hadSome = incoming.Length > 0;
        while (true)
        {
            await ContinueAsync(blob, incoming, count, cancellation);
            var actual = incoming.Finish();
            if (actual == blob.Digest)
            {
                return;
            }

            incoming.Clear();
            count.Set(0);
            if (!hadSome)
            {
                throw RegistryErrors.WrongContent(Connection.Registry, BlobSource.Named(blob), $"its bytes have {actual}");
            }

            // What an earlier run left may be the reason: once more, from the first byte on.
            hadSome = false;
        }
    }

    private async Task ContinueAsync(OciDescriptor blob, IncomingBlob incoming, ByteCount count, CancellationToken cancellation)
    {
        for (var attempt = 1; incoming.Length < blob.Size; )
        {
            var before = incoming.Length;
            try
            {
                await ReceiveAsync(blob, incoming, count, cancellation);
            }
            catch (HttpFailureException failure)
            {
                count.Set(incoming.Length);
                attempt = incoming.Length - before >= Much ? 1 : attempt;
                if (!Connection.Settings.Retry.IsWorthAnother(attempt, failure))
                {
                    throw RegistryRefusal.Of(Connection, failure, BlobSource.Named(blob));
                }

                await Connection.PauseAsync(attempt++, failure, cancellation);
            }
        }
    }

    private async Task ReceiveAsync(OciDescriptor blob, IncomingBlob incoming, ByteCount count, CancellationToken cancellation)
    {
        var offset = incoming.Length;
        var inParts = blob.Size - offset > 2L * buffers.Size;
        OpenSource open;
        try
        {
            open = await source.OpenAsync(blob, offset, inParts ? offset + buffers.Size - 1 : null, cancellation);
        }
        catch (HttpFailureException failure)
            when ((offset > 0 || inParts) && failure.Status is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PartialContent)
        {
            // It gives other parts than it is asked for: then all of it.
            inParts = false;
            open = await source.OpenAsync(blob, 0, null, cancellation);
        }

        using (open)
        {
            if (open.Total is { } total && total != blob.Size)
            {
                throw WrongSize(blob, total);
            }

            if (open.Start != incoming.Length)
            {
                incoming.Clear();
                count.Set(0);
            }

            if (inParts && open.IsPart)
            {
                await new BlobParts(source, blob, buffers, Math.Min(PartsOfOne, Connection.Settings.PartsAtOnce)).ReceiveAsync(
                    open,
                    incoming,
                    count,
                    cancellation
                );
            }
            else
            {
                await StreamAsync(blob, open, incoming, count, cancellation);
            }
        }
    }

    private async Task StreamAsync(
        OciDescriptor blob,
        OpenSource open,
        IncomingBlob incoming,
        ByteCount count,
        CancellationToken cancellation
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (true)
            {
                var read = await open.ReadAsync(buffer, cancellation);
                if (read > blob.Size - incoming.Length)
                {
                    incoming.Clear();
                    throw WrongSize(blob, null);
                }

                if (read == 0)
                {
                    if (incoming.Length < blob.Size)
                    {
                        throw new HttpFailureException("the connection was cut", isTransient: true);
                    }

                    return;
                }

                incoming.Append(buffer.AsSpan(0, read));
                count.Add(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private TorchyardException WrongSize(OciDescriptor blob, long? total) =>
        RegistryErrors.WrongContent(
            Connection.Registry,
            BlobSource.Named(blob),
            $"it has {(total is { } bytes ? $"{bytes} bytes" : "more bytes")}, its manifest says {blob.Size}"
        );
}
