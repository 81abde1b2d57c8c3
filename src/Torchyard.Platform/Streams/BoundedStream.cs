namespace Torchyard.Platform.Streams;

/// <summary>Passes reads through until a limit, then fails: a small archive cannot fill the disk unnoticed.</summary>
/// <param name="source">What is read.</param>
/// <param name="limit">Bytes.</param>
/// <param name="tooLarge">The failure when there is more.</param>
internal sealed class BoundedStream(Stream source, long limit, Func<Exception> tooLarge) : ForwardReadStream
{
    private long _read;

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var read = source.Read(buffer);
        _read += read;
        return _read <= limit ? read : throw tooLarge();
    }
}
