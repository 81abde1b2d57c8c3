namespace Torchyard.Platform.Streams;

/// <summary>A part of a file as a forward-only stream; it does not own the file.</summary>
internal sealed class FileSlice(HashedFile file, long offset, long size) : ForwardReadStream
{
    private long _position;

    public override long Length => size;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var read = file.Read(buffer[..(int)Math.Min(buffer.Length, size - _position)], offset + _position);
        _position += read;
        return read;
    }
}
