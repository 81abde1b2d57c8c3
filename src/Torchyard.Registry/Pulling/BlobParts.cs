using Torchyard.Images.Oci;
using Torchyard.Platform.Http;

namespace Torchyard.Registry.Pulling;

/// <summary>The parts of one blob, several of which come at once: one connection is seldom as fast as the line.</summary>
internal sealed class BlobParts(BlobSource source, OciDescriptor blob, PartBuffers buffers, int atOnce)
{
    /// <summary>Receives all parts, in order into the file.</summary>
    /// <param name="first">The first part, which is open already.</param>
    /// <param name="incoming">Where they go.</param>
    /// <param name="count">Told as they come.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HttpFailureException">A part does not come; those before it are in the file.</exception>
    public async Task ReceiveAsync(OpenSource first, IncomingBlob incoming, ByteCount count, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var parts = new Queue<Part>();
        var next = incoming.Length;
        var opened = (OpenSource?)first;
        try
        {
            while (incoming.Length < blob.Size)
            {
                while (next < blob.Size && parts.Count < atOnce)
                {
                    var buffer = parts.Count == 0 ? await buffers.TakeAsync(cancellation) : buffers.TryTake();
                    if (buffer is null)
                    {
                        break;
                    }

                    var length = (int)Math.Min(buffers.Size, blob.Size - next);
                    parts.Enqueue(new Part(buffer, length, FillAsync(opened, buffer.AsMemory(0, length), next, count, stop.Token)));
                    next += length;
                    opened = null;
                }

                var part = parts.Peek();
                await part.Filled;
                incoming.Append(part.Buffer.AsSpan(0, part.Length));
                buffers.Return(parts.Dequeue().Buffer);
            }
        }
        finally
        {
            await stop.CancelAsync();
            foreach (var part in parts)
            {
                // Its failure is that of the first one, or of the end.
                await part.Filled.ContinueWith(
                    static _ => { },
                    CancellationToken.None,
                    TaskContinuationOptions.None,
                    TaskScheduler.Default
                );
                buffers.Return(part.Buffer);
            }
        }
    }

    private async Task FillAsync(OpenSource? open, Memory<byte> buffer, long offset, ByteCount count, CancellationToken cancellation)
    {
        var there = 0;
        for (var attempt = 1; there < buffer.Length; )
        {
            var before = there;
            try
            {
                using var part = open ?? await OpenAsync(offset + there, offset + buffer.Length - 1, cancellation);
                open = null;
                while (there < buffer.Length)
                {
                    var read = await part.ReadAsync(buffer[there..], cancellation);
                    if (read == 0)
                    {
                        throw new HttpFailureException("the connection was cut", isTransient: true);
                    }

                    there += read;
                    count.Add(read);
                }
            }
            catch (HttpFailureException failure)
            {
                open = null;
                attempt = there - before >= BlobDownload.Much ? 1 : attempt;
                if (!source.Connection.Settings.Retry.IsWorthAnother(attempt, failure))
                {
                    throw;
                }

                await source.Connection.PauseAsync(attempt++, failure, cancellation);
            }
        }
    }

    private async Task<OpenSource> OpenAsync(long from, long last, CancellationToken cancellation)
    {
        var open = await source.OpenAsync(blob, from, last, cancellation);
        if (open.IsPart)
        {
            return open;
        }

        // One of several servers behind the name does not give parts. What it would send is not waited for.
        open.Dispose();
        throw new HttpFailureException("the registry gives parts no more", isTransient: true);
    }

    private readonly record struct Part(byte[] Buffer, int Length, Task Filled);
}
