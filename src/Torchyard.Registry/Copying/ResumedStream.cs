using Torchyard.Images.Oci;
using Torchyard.Platform.Http;
using Torchyard.Platform.Streams;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;
using Torchyard.Registry.Pulling;

namespace Torchyard.Registry.Copying;

/// <summary>A blob of a registry from some byte on, over as many connections as it takes: one that is cut is followed by another.</summary>
internal sealed class ResumedStream(BlobSource source, OciDescriptor blob, long from) : ForwardReadStream
{
    private OpenSource? _open;
    private long _at = from;
    private long _atOpening = from;
    private int _attempt = 1;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_at < blob.Size)
        {
            try
            {
                _open ??= await OpenAsync(cancellationToken);
                var read = await _open.ReadAsync(buffer, cancellationToken);
                if (read > 0)
                {
                    _at += read;
                    return read;
                }

                throw new HttpFailureException("the connection was cut", isTransient: true);
            }
            catch (HttpFailureException failure)
            {
                _open?.Dispose();
                _open = null;
                _attempt = _at - _atOpening >= BlobDownload.Much ? 1 : _attempt;
                if (!source.Connection.Settings.Retry.IsWorthAnother(_attempt, failure))
                {
                    throw RegistryRefusal.Of(source.Connection, failure, BlobSource.Named(blob));
                }

                await source.Connection.PauseAsync(_attempt++, failure, cancellationToken);
            }
        }

        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        var bytes = new byte[Math.Min(buffer.Length, 1 << 18)];
        var read = ReadAsync(bytes).AsTask().GetAwaiter().GetResult();
        bytes.AsSpan(0, read).CopyTo(buffer);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _open?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<OpenSource> OpenAsync(CancellationToken cancellation)
    {
        _atOpening = _at;
        var open = await source.OpenAsync(blob, _at, null, cancellation);
        try
        {
            if (open.Total is { } total && total != blob.Size)
            {
                throw RegistryErrors.WrongContent(
                    source.Connection.Registry,
                    BlobSource.Named(blob),
                    $"it has {total} bytes, its manifest says {blob.Size}"
                );
            }

            // A registry without ranges begins anew: what was read before is read again, and goes nowhere.
            await SkipAsync(open, _at - open.Start, cancellation);
            return open;
        }
        catch
        {
            open.Dispose();
            throw;
        }
    }

    private static async Task SkipAsync(OpenSource open, long bytes, CancellationToken cancellation)
    {
        var buffer = new byte[Math.Min(bytes, 1 << 18)];
        while (bytes > 0)
        {
            var read = await open.ReadAsync(buffer.AsMemory(0, (int)Math.Min(bytes, buffer.Length)), cancellation);
            if (read == 0)
            {
                throw new HttpFailureException("the connection was cut", isTransient: true);
            }

            bytes -= read;
        }
    }
}
