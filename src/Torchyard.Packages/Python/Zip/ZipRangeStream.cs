using System.Buffers;
using Torchyard.Platform.Streams;

namespace Torchyard.Packages.Python.Zip;

/// <summary>A range of a zip file as a forward-only stream with one pooled buffer, so that small reads cost no system call each.</summary>
internal sealed class ZipRangeStream : ForwardReadStream
{
    private const int BufferSize = 256 * 1024;

    private readonly IZipSource _source;
    private readonly long _offset;
    private readonly long _length;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private long _remaining;

    public ZipRangeStream(IZipSource source, long offset, long length)
    {
        _source = source;
        _offset = offset;
        _length = length;
        _remaining = length;
        _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(length, 1, BufferSize));
    }

    public override bool CanRead => _buffer is not null;

    public override long Length => _length;

    public override long Position
    {
        get => _length - _remaining - (_end - _start);
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_start == _end)
        {
            if (_remaining == 0 || buffer.IsEmpty)
            {
                return 0;
            }

            var direct = buffer.Length >= _buffer.Length;
            var into = direct ? buffer : _buffer;
            var count = (int)Math.Min(into.Length, _remaining);
            if (_source.Read(_offset + _length - _remaining, into[..count]) != count)
            {
                throw new InvalidDataException("the archive ends in the middle of a file");
            }

            _remaining -= count;
            if (direct)
            {
                return count;
            }

            _start = 0;
            _end = count;
        }

        var given = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, given).CopyTo(buffer);
        _start += given;
        return given;
    }

    protected override void Dispose(bool disposing)
    {
        if (_buffer is { } rented)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(rented);
        }

        base.Dispose(disposing);
    }
}
