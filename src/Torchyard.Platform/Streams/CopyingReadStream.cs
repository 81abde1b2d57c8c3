namespace Torchyard.Platform.Streams;

/// <summary>Writes to a second stream what is read from a first one, on the way.</summary>
/// <param name="source">What is read; disposed with this stream.</param>
/// <param name="copy">Gets the same bytes; stays open.</param>
public sealed class CopyingReadStream(Stream source, Stream copy) : ForwardReadStream
{
    /// <inheritdoc />
    public override int Read(Span<byte> buffer)
    {
        var read = source.Read(buffer);
        copy.Write(buffer[..read]);
        return read;
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }

        base.Dispose(disposing);
    }
}
