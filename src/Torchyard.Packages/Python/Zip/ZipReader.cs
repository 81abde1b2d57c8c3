using System.Buffers.Binary;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Zip;

/// <summary>
/// Reads a zip archive through its central directory (PKWARE APPNOTE.TXT 6.3.10, with zip64). Stricter than most readers, because the
/// archive is untrusted: one disk, no encryption, only stored and deflated files, no links, no overlapping entries (the trick of
/// zip bombs that outgrow deflate), no name twice, no path out, nothing before or after the archive proper.
/// </summary>
/// <remarks>Entries can be opened from several threads at once. Memory: the list of entries, and a buffer an open entry.</remarks>
public sealed class ZipReader : IDisposable
{
    private const int EndRecordSize = 22;
    private const uint LocalSignature = 0x04034b50;
    private const int LocalHeaderSize = 30;

    private readonly IZipSource _source;

    private ZipReader(IZipSource source, IReadOnlyList<ZipEntry> entries)
    {
        _source = source;
        Entries = entries;
    }

    /// <summary>The files, in the order of the central directory. Directories have no entry of their own.</summary>
    public IReadOnlyList<ZipEntry> Entries { get; }

    /// <summary>Reads and checks the central directory. The reader owns the source from here on, also when this fails.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged or breaks a rule.</exception>
    public static ZipReader Open(IZipSource source, ZipLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            limits ??= new ZipLimits();
            var directory = FindDirectory(source);
            if (directory.Size > limits.DirectorySize || directory.Count > limits.Entries)
            {
                throw new InvalidDataException(
                    $"the archive lists {Count.Of(directory.Count, "entry")} in {directory.Size} bytes, more than a wheel may have"
                );
            }

            if (directory.Count < 0 || directory.Count > directory.Size / ZipDirectoryParser.SmallestEntry)
            {
                throw new InvalidDataException(
                    $"the archive says that it has {Count.Of(directory.Count, "entry")}, which its directory cannot hold"
                );
            }

            var entries = new ZipDirectoryParser(source, limits).Parse(directory.Offset, directory.Size, directory.Count);
            return new ZipReader(source, entries);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The decoded bytes of a file. Reading fails with <see cref="InvalidDataException"/> unless size and CRC-32 are as listed.
    /// </summary>
    public Stream Open(ZipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new ZipContentStream(entry, OpenRaw(entry));
    }

    /// <summary>The bytes of a file as the archive stores them, <see cref="ZipEntry.CompressedSize"/> of them.</summary>
    public Stream OpenRaw(ZipEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        Span<byte> header = stackalloc byte[LocalHeaderSize];
        if (
            _source.Read(entry.HeaderOffset, header) != LocalHeaderSize
            || BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature
        )
        {
            throw new InvalidDataException($"'{entry.Name}' has no local header where the directory says");
        }

        var method = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        var extraLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        var name = new byte[nameLength];
        // Readers that go by local headers and readers that go by the directory must see the same file.
        if (
            method != (int)entry.Method
            || _source.Read(entry.HeaderOffset + LocalHeaderSize, name) != nameLength
            || ZipDirectoryParser.DecodeName(name) != entry.Name
        )
        {
            throw new InvalidDataException($"local header and directory disagree about '{entry.Name}'");
        }

        var start = entry.HeaderOffset + LocalHeaderSize + nameLength + extraLength;
        if (start + entry.CompressedSize > entry.Limit)
        {
            throw new InvalidDataException($"'{entry.Name}' runs into what follows it");
        }

        return new ZipRangeStream(_source, start, entry.CompressedSize);
    }

    /// <inheritdoc />
    public void Dispose() => _source.Dispose();

    private static (long Offset, long Size, long Count) FindDirectory(IZipSource source)
    {
        var tailLength = (int)Math.Min(source.Length, EndRecordSize + ushort.MaxValue);
        var tail = new byte[tailLength];
        var tailStart = source.Length - tailLength;
        if (tailLength < EndRecordSize || source.Read(tailStart, tail) != tailLength)
        {
            throw new InvalidDataException("this is not a zip file: it is too short");
        }

        var at = LastEndRecord(tail, tail.Length - EndRecordSize);
        if (at < 0)
        {
            throw new InvalidDataException("this is not a zip file, or it was cut off: the end of its directory is missing");
        }

        // Which of two end records counts differs between readers: each would see another wheel.
        if (LastEndRecord(tail, at - 1) >= 0 || tail.AsSpan(at + EndRecordSize).IndexOf("PK\u0005\u0006"u8) >= 0)
        {
            throw new InvalidDataException("the archive has two end records, one in the comment of the other");
        }

        ReadOnlySpan<byte> record = tail.AsSpan(at);
        var end = tailStart + at;
        var disks = BinaryPrimitives.ReadUInt32LittleEndian(record[4..]);
        long count = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        if (count == ushort.MaxValue || size == uint.MaxValue || offset == uint.MaxValue)
        {
            (offset, size, count, end) = ReadZip64(source, end);
        }
        else if (disks != 0)
        {
            throw new InvalidDataException("the archive is spread over several disks");
        }

        if (offset < 0 || size < 0 || offset > end || size != end - offset)
        {
            throw new InvalidDataException("the archive's directory is not where its end record says");
        }

        return (offset, size, count);
    }

    private static (long Offset, long Size, long Count, long End) ReadZip64(IZipSource source, long endRecord)
    {
        const int LocatorSize = 20;
        const int RecordSize = 56;
        Span<byte> locator = stackalloc byte[LocatorSize];
        if (
            endRecord < LocatorSize + RecordSize
            || source.Read(endRecord - LocatorSize, locator) != LocatorSize
            || BinaryPrimitives.ReadUInt32LittleEndian(locator) != 0x07064b50
        )
        {
            throw new InvalidDataException("the archive's zip64 end record is missing");
        }

        var place = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
        Span<byte> record = stackalloc byte[RecordSize];
        // Extensible data after the fixed part is not used by anything that makes wheels, so the record is exactly in front of its locator.
        if (
            place != endRecord - LocatorSize - RecordSize
            || source.Read(place, record) != RecordSize
            || BinaryPrimitives.ReadUInt32LittleEndian(record) != 0x06064b50
            || BinaryPrimitives.ReadUInt64LittleEndian(record[16..]) != 0
        )
        {
            throw new InvalidDataException("the archive's zip64 end record is damaged");
        }

        return (
            BinaryPrimitives.ReadInt64LittleEndian(record[48..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(record[32..]),
            place
        );
    }

    /// <summary>
    /// Place of the last end record at or before <paramref name="at"/> whose comment reaches to the end; -1 when there is none.
    /// </summary>
    private static int LastEndRecord(byte[] tail, int at)
    {
        while (at >= 0 && !(IsEndRecord(tail.AsSpan(at)) && at + EndRecordSize + CommentLength(tail.AsSpan(at)) == tail.Length))
        {
            at--;
        }

        return at;
    }

    private static bool IsEndRecord(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt32LittleEndian(data) == 0x06054b50;

    private static int CommentLength(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt16LittleEndian(data[20..]);
}
