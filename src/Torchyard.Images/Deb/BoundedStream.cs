using Torchyard.Platform.Streams;

namespace Torchyard.Images.Deb;

/// <summary>Passes reads through until a limit, then fails with TY3003: a small archive cannot fill the disk unnoticed.</summary>
internal sealed class BoundedStream(Stream source, long limit, string label) : ForwardReadStream
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
        return _read <= limit ? read : throw ImageErrors.TooLarge(label, limit);
    }
}
