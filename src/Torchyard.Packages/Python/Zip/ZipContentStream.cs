using Torchyard.Platform.Compression;
using Torchyard.Platform.Streams;

namespace Torchyard.Packages.Python.Zip;

/// <summary>The decoded bytes of an entry: exactly as many as the directory says, with the CRC-32 that it says.</summary>
internal sealed class ZipContentStream : ForwardReadStream
{
    private readonly ZipEntry _entry;
    private readonly Stream _content;
    private long _read;
    private uint _crc;

    public ZipContentStream(ZipEntry entry, Stream raw)
    {
        _entry = entry;
        _content = entry.Method == ZipMethod.Deflate ? Decompression.Open(new GzipMemberStream(entry, raw), CompressionFormat.Gzip) : raw;
    }

    public override long Length => _entry.Size;

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int read;
        try
        {
            read = _content.Read(buffer);
        }
        catch (InvalidDataException damaged)
        {
            throw new InvalidDataException($"'{_entry.Name}' is damaged: {damaged.Message}", damaged);
        }

        _read += read;
        if (_entry.Method == ZipMethod.Stored)
        {
            _crc = Crc32.Append(_crc, buffer[..read]);
        }

        if (_read > _entry.Size || (read == 0 && (_read != _entry.Size || (_entry.Method == ZipMethod.Stored && _crc != _entry.Crc32))))
        {
            throw new InvalidDataException($"'{_entry.Name}' is damaged: it has not the size and checksum that the archive lists");
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
