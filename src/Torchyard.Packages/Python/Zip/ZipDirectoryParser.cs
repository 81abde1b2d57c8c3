using System.Buffers.Binary;
using System.Text;
using Torchyard.Platform.Linux;

namespace Torchyard.Packages.Python.Zip;

/// <summary>Reads the central directory in pieces of bounded size and checks each entry and all of them together.</summary>
internal sealed class ZipDirectoryParser(IZipSource source, ZipLimits limits)
{
    /// <summary>Bytes of an entry with an empty name.</summary>
    public const int SmallestEntry = FixedSize;

    private const uint Signature = 0x02014b50;
    private const int FixedSize = 46;
    private const int UnixHost = 3;
    private const int FileTypeMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int DirectoryFile = 0x4000;

    // No deflate stream grows by more (RFC 1951: 258 bytes for two bits at best).
    private const long DeflateRatio = 1032;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;
    private long _position;

    public IReadOnlyList<ZipEntry> Parse(long offset, long size, long count)
    {
        var entries = new List<ZipEntry>((int)count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var directories = new HashSet<string>(StringComparer.Ordinal);
        var end = offset + size;
        long total = 0;
        _position = offset;
        for (var i = 0L; i < count; i++)
        {
            var entry = ReadEntry(end, out var isDirectory);
            AddParents(entry.Name, directories);
            if (isDirectory)
            {
                directories.Add(entry.Name.TrimEnd('/'));
                continue;
            }

            if (!names.Add(entry.Name))
            {
                throw new InvalidDataException($"'{entry.Name}' is in the archive twice");
            }

            total += entry.Size;
            if (total > limits.FreeSize && total / limits.Expansion > source.Length)
            {
                throw new InvalidDataException(
                    $"its files take more than {limits.Expansion} times its own {source.Length} bytes, as those of a zip bomb do"
                );
            }

            if (total > limits.TotalSize)
            {
                throw new InvalidDataException($"its files take more than {limits.TotalSize} bytes");
            }

            entries.Add(entry);
        }

        if (_position - (_end - _start) != end)
        {
            throw new InvalidDataException("the archive's directory does not end where it should");
        }

        if (names.FirstOrDefault(directories.Contains) is { } both)
        {
            throw new InvalidDataException($"'{both}' is both a file and a directory");
        }

        return WithLimits(entries, offset);
    }

    /// <summary>
    /// The text of an entry's name. Writers that leave the UTF-8 flag out for plain ASCII are common; other code pages are refused.
    /// </summary>
    public static string DecodeName(ReadOnlySpan<byte> name)
    {
        try
        {
            return StrictUtf8.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("a file name in the archive is not UTF-8");
        }
    }

    private static List<ZipEntry> WithLimits(List<ZipEntry> entries, long directory)
    {
        var order = new int[entries.Count];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => entries[a].HeaderOffset.CompareTo(entries[b].HeaderOffset));
        var limit = directory;
        for (var i = order.Length - 1; i >= 0; i--)
        {
            var entry = entries[order[i]];
            // The exact end needs the local header, which is read when the entry is opened.
            if (entry.HeaderOffset > limit - 30 || entry.CompressedSize > limit - 30 - entry.HeaderOffset)
            {
                throw new InvalidDataException($"'{entry.Name}' overlaps what follows it");
            }

            entries[order[i]] = entry with { Limit = limit };
            limit = entry.HeaderOffset;
        }

        return entries;
    }

    private ZipEntry ReadEntry(long end, out bool isDirectory)
    {
        var header = Take(FixedSize, end);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Signature)
        {
            throw new InvalidDataException("the archive's directory is damaged");
        }

        var host = header[5];
        var flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        var method = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        long compressed = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(header[24..]);
        var nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        var extraLength = BinaryPrimitives.ReadUInt16LittleEndian(header[30..]);
        var commentLength = BinaryPrimitives.ReadUInt16LittleEndian(header[32..]);
        var disk = BinaryPrimitives.ReadUInt16LittleEndian(header[34..]);
        var mode = host == UnixHost ? (int)(BinaryPrimitives.ReadUInt32LittleEndian(header[38..]) >> 16) : 0;
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(header[42..]);

        if (nameLength > limits.NameLength)
        {
            throw new InvalidDataException($"a file name in the archive has {nameLength} bytes");
        }

        var name = DecodeName(Take(nameLength, end));
        ReadZip64Extra(Take(extraLength, end), ref size, ref compressed, ref offset, name);
        Take(commentLength, end);

        isDirectory = name.EndsWith('/');
        CheckName(name, isDirectory);
        CheckKind(name, isDirectory, flags, method, mode, disk);
        if (
            offset < 0
            || compressed < 0
            || size < 0
            || (method == (int)ZipMethod.Stored && compressed != size)
            || (method == (int)ZipMethod.Deflate && size / DeflateRatio > compressed)
        )
        {
            throw new InvalidDataException($"the sizes of '{name}' cannot be true");
        }

        if (isDirectory && size != 0)
        {
            throw new InvalidDataException($"the directory '{name}' has content");
        }

        return new ZipEntry
        {
            Name = name,
            Method = (ZipMethod)method,
            CompressedSize = compressed,
            Size = size,
            Crc32 = crc,
            Executable = (mode & FileModes.AnyExecute) != 0,
            HeaderOffset = offset,
        };
    }

    private static void CheckKind(string name, bool isDirectory, int flags, int method, int mode, int disk)
    {
        var reason = (mode & FileTypeMask) switch
        {
            0 or RegularFile when !isDirectory => null,
            0 or DirectoryFile when isDirectory => null,
            0xA000 => "is a symbolic link",
            _ => "is neither a plain file nor a directory",
        };
        if ((flags & 0x2041) != 0)
        {
            reason = "is encrypted";
        }
        else if (method is not ((int)ZipMethod.Stored or (int)ZipMethod.Deflate))
        {
            reason = $"uses compression method {method}; wheels are stored or deflated";
        }
        else if (disk != 0)
        {
            reason = "is on another disk";
        }

        if (reason is not null)
        {
            throw new InvalidDataException($"'{name}' {reason}");
        }
    }

    private static void CheckName(string name, bool isDirectory)
    {
        const int LongestPart = 255;
        var path = isDirectory ? name.AsSpan(0, name.Length - 1) : name;
        var bad = path.IsEmpty || path.Contains('\\') || path.ContainsAnyInRange('\0', '\x1f') || path.Contains('\x7f');
        foreach (var part in path.Split('/'))
        {
            bad |= path[part] is "" or "." or ".." || Encoding.UTF8.GetByteCount(path[part]) > LongestPart;
        }

        if (bad)
        {
            throw new InvalidDataException($"'{Printable(name)}' is not a path inside the archive");
        }
    }

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));

    private static void AddParents(string name, HashSet<string> directories)
    {
        for (var at = name.LastIndexOf('/'); at > 0; at = name.LastIndexOf('/', at - 1))
        {
            if (!directories.Add(name[..at]))
            {
                return;
            }
        }
    }

    /// <summary>
    /// Zip64 extended information (APPNOTE.TXT 4.5.3): only the values that are saturated in the fixed part, in this order.
    /// </summary>
    private static void ReadZip64Extra(ReadOnlySpan<byte> extra, ref long size, ref long compressed, ref long offset, string name)
    {
        while (extra.Length >= 4)
        {
            var id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                break;
            }

            if (id == 1)
            {
                var data = extra.Slice(4, length);
                Widen(ref size, ref data);
                Widen(ref compressed, ref data);
                Widen(ref offset, ref data);
            }

            extra = extra[(4 + length)..];
        }

        if (size == uint.MaxValue || compressed == uint.MaxValue || offset == uint.MaxValue)
        {
            throw new InvalidDataException($"the zip64 sizes of '{name}' are missing");
        }
    }

    private static void Widen(ref long value, ref ReadOnlySpan<byte> data)
    {
        if (value == uint.MaxValue && data.Length >= 8)
        {
            value = BinaryPrimitives.ReadInt64LittleEndian(data);
            data = data[8..];
        }
    }

    /// <summary>The next bytes of the directory; valid until the next call.</summary>
    private ReadOnlySpan<byte> Take(int count, long end)
    {
        if (_end - _start < count)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
            var wanted = (int)Math.Min(_buffer.Length - _end, end - _position);
            var read = source.Read(_position, _buffer.AsSpan(_end, wanted));
            _position += read;
            _end += read;
            if (_end < count)
            {
                throw new InvalidDataException("the archive's directory ends too early");
            }
        }

        var taken = _buffer.AsSpan(_start, count);
        _start += count;
        return taken;
    }
}
