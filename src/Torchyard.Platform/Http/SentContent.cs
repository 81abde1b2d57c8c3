using System.Buffers;
using System.Net;

namespace Torchyard.Platform.Http;

/// <summary>A stretch of bytes that is sent to a server, which is not silent as long as it takes them.</summary>
/// <param name="open">Opens it at its first byte.</param>
/// <param name="bytes">Bytes that are sent; fewer in the stream are an error.</param>
/// <param name="advanced">Told how many bytes the connection took since it was told last.</param>
public sealed class SentContent(Func<Stream> open, long bytes, Action<long> advanced) : HttpContent
{
    private const int BufferSize = 1 << 17;

    /// <summary>Called whenever bytes were taken, with true when they were the last.</summary>
    internal Action<bool>? Pulse { get; set; }

    /// <inheritdoc />
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc />
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await using var source = open();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (var left = bytes; left > 0; )
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
                if (read == 0)
                {
                    throw new EndOfStreamException("what is sent became shorter");
                }

                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
                Pulse?.Invoke(left == 0);
                advanced(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc />
    protected override bool TryComputeLength(out long length)
    {
        length = bytes;
        return true;
    }
}
