using System.Buffers.Binary;
using Torchyard.Platform.Streams;

namespace Torchyard.Packages.Python.Zip;

/// <summary>
/// A deflated entry as a gzip member (RFC 1952): zip and gzip hold the same raw deflate data and the same CRC-32, so a header of 10 bytes
/// and a trailer of 8 are all that is between them. Decoding the member checks CRC and size, and that the deflate data ends where
/// the entry does; and the member itself can stand in a gzip layer with nothing compressed again.
/// </summary>
internal sealed class GzipMemberStream : ForwardReadStream
{
    private const int HeaderSize = 10;
    private const int TrailerSize = 8;

    private readonly Stream _raw;
    private readonly byte[] _frame = new byte[HeaderSize + TrailerSize];
    private int _given;

    /// <summary>Wraps the raw bytes of a deflated entry, from <see cref="ZipReader.OpenRaw"/>; owns the stream.</summary>
    public GzipMemberStream(ZipEntry entry, Stream raw)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Method != ZipMethod.Deflate)
        {
            throw new ArgumentException("only deflated entries are gzip members", nameof(entry));
        }

        _raw = raw;
        // Magic, method deflate, no flags, no time, no extra flags, operating system unknown.
        ReadOnlySpan<byte> header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        header.CopyTo(_frame);
        BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(HeaderSize), entry.Crc32);
        BinaryPrimitives.WriteUInt32LittleEndian(_frame.AsSpan(HeaderSize + 4), (uint)entry.Size);
    }

    /// <inheritdoc />
    public override int Read(Span<byte> buffer)
    {
        if (_given == HeaderSize && _raw.Read(buffer) is > 0 and var read)
        {
            return read;
        }

        var end = _given < HeaderSize ? HeaderSize : _frame.Length;
        var count = Math.Min(buffer.Length, end - _given);
        _frame.AsSpan(_given, count).CopyTo(buffer);
        _given += count;
        return count;
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _raw.Dispose();
        }

        base.Dispose(disposing);
    }
}
