using System.Buffers.Text;
using System.Text;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Tar;

/// <summary>
/// Reads tar archives forward: ustar, GNU long names and links, PAX. Input is untrusted: sizes are capped, names are given as they are and
/// the caller resolves them inside its root. Throws <see cref="TarFormatException"/> and the stream's own errors, nothing else.
/// </summary>
public sealed class TarReader(Stream source)
{
    // PATH_MAX is 4096; extended attributes are at most 64 KiB each.
    private const int MaxName = 8 * 1024;
    private const int MaxPaxHeader = 1 << 20;

    // Linux has 12 bits for a major number and 20 for a minor one.
    private const int MaxDevice = (1 << 20) - 1;

    private readonly byte[] _header = new byte[TarField.BlockSize];
    private long _contentLeft;
    private int _padding;

    /// <summary>The next entry, or null at the end. What is left of the previous content is skipped.</summary>
    public TarEntry? Next()
    {
        SkipContent();
        string? longName = null;
        string? longLink = null;
        Dictionary<string, byte[]>? pax = null;
        while (true)
        {
            if (!ReadHeader())
            {
                return longName is null && longLink is null && pax is null
                    ? null
                    : throw new TarFormatException("the archive ends behind an extended header");
            }

            var size = TarField.Number(_header.AsSpan(124, 12), "a size");
            switch ((char)_header[156])
            {
                case 'L':
                    longName = TarField.Text(ReadExtra(size, MaxName), "a long name");
                    continue;
                case 'K':
                    longLink = TarField.Text(ReadExtra(size, MaxName), "a long link");
                    continue;
                case 'x':
                    pax = PaxRecords.Parse(ReadExtra(size, MaxPaxHeader));
                    continue;
                case 'g':
                    // Global records (git's commit id and the like) say nothing about entries that anybody writes in packages or layers.
                    if (PaxRecords.Parse(ReadExtra(size, MaxPaxHeader)).Keys.Any(key => key is "path" or "linkpath" or "size"))
                    {
                        throw new TarFormatException("a global PAX header names a path or size");
                    }

                    continue;
                default:
                    return MakeEntry(size, longName, longLink, pax);
            }
        }
    }

    /// <summary>Reads content of the current entry; 0 at its end.</summary>
    public int Read(Span<byte> buffer)
    {
        if (_contentLeft == 0)
        {
            return 0;
        }

        var read = source.Read(buffer[..(int)Math.Min(buffer.Length, _contentLeft)]);
        _contentLeft -= read;
        return read > 0 ? read : throw new TarFormatException("the archive ends inside a file");
    }

    /// <summary>Reads to the very end of the source, so that the decompressor checks its sums.</summary>
    public void Drain()
    {
        SkipContent();
        while (source.Read(_header) > 0) { }
    }

    private TarEntry MakeEntry(long size, string? longName, string? longLink, Dictionary<string, byte[]>? pax)
    {
        var type = (char)_header[156];
        var name = longName ?? HeaderName();
        var link = longLink ?? TarField.Text(_header.AsSpan(157, 100), "a link target");
        var user = TarField.Number(_header.AsSpan(108, 8), "a user id");
        var group = TarField.Number(_header.AsSpan(116, 8), "a group id");
        var modified = TarField.Number(_header.AsSpan(136, 12), "a time");
        List<KeyValuePair<string, byte[]>>? xattrs = null;
        foreach (var (key, value) in pax ?? [])
        {
            switch (key)
            {
                case "path":
                    name = TarField.Text(value, "a path");
                    break;
                case "linkpath":
                    link = TarField.Text(value, "a link path");
                    break;
                case "size":
                    size = Decimal(value, key);
                    break;
                case "uid":
                    user = Decimal(value, key);
                    break;
                case "gid":
                    group = Decimal(value, key);
                    break;
                case "mtime":
                    modified = Seconds(value);
                    break;
                case { } when key.StartsWith(PaxRecords.XattrPrefix, StringComparison.Ordinal):
                    (xattrs ??= []).Add(new(key[PaxRecords.XattrPrefix.Length..], value));
                    break;
                case { } when key.StartsWith("GNU.sparse.", StringComparison.Ordinal):
                    throw new TarFormatException("sparse files are not supported");
            }
        }

        xattrs?.Sort((one, other) => string.CompareOrdinal(one.Key, other.Key));
        var kind = type switch
        {
            '0' or '\0' or '7' => name.EndsWith('/') ? TarKind.Directory : TarKind.File,
            '1' => TarKind.HardLink,
            '2' => TarKind.Symlink,
            '3' => TarKind.CharacterDevice,
            '4' => TarKind.BlockDevice,
            '5' => TarKind.Directory,
            '6' => TarKind.Fifo,
            'S' => throw new TarFormatException("sparse files are not supported"),
            _ => throw new TarFormatException($"entry type {(int)type} is not supported"),
        };
        if (name.Length == 0)
        {
            throw new TarFormatException("an entry has no name");
        }

        if (name.Contains('\0') || link.Contains('\0'))
        {
            throw new TarFormatException("a name contains NUL");
        }

        if (user > uint.MaxValue || group > uint.MaxValue)
        {
            throw new TarFormatException("a user or group id is too large");
        }

        // Old archives give hard links and directories a size that no content follows; POSIX lets a hard link have content, which nobody
        // writes.
        var content = kind == TarKind.File ? size : 0;
        _contentLeft = content;
        _padding = Padding(content);
        return new TarEntry
        {
            Name = name,
            Kind = kind,
            LinkTarget = kind is TarKind.Symlink or TarKind.HardLink ? link : "",
            Mode = (int)(TarField.Number(_header.AsSpan(100, 8), "a mode") & FileModes.Mask),
            User = (uint)user,
            Group = (uint)group,
            Size = content,
            ModifiedAt = modified,
            DeviceMajor = Device(kind, 329),
            DeviceMinor = Device(kind, 337),
            Xattrs = xattrs ?? [],
        };
    }

    private uint Device(TarKind kind, int offset)
    {
        if (kind is not (TarKind.CharacterDevice or TarKind.BlockDevice))
        {
            return 0;
        }

        var number = TarField.Number(_header.AsSpan(offset, 8), "a device number");
        return number <= MaxDevice ? (uint)number : throw new TarFormatException("a device number is too large");
    }

    private string HeaderName()
    {
        var name = TarField.Text(_header.AsSpan(0, 100), "a name");
        // GNU's own format ("ustar  ") uses the place of the prefix for other things.
        if (!_header.AsSpan(257, 6).SequenceEqual("ustar\0"u8))
        {
            return name;
        }

        var prefix = TarField.Text(_header.AsSpan(345, 155), "a name prefix");
        return prefix.Length == 0 ? name : prefix + "/" + name;
    }

    private bool ReadHeader()
    {
        var read = source.ReadAtLeast(_header, TarField.BlockSize, throwOnEndOfStream: false);
        if (read == 0)
        {
            // Archives without the two final zero blocks exist, and tar reads them.
            return false;
        }

        if (read < TarField.BlockSize)
        {
            throw new TarFormatException("the archive ends inside a header");
        }

        if (!_header.AsSpan().ContainsAnyExcept((byte)0))
        {
            return false;
        }

        if (TarField.Number(_header.AsSpan(148, 8), "a checksum") != TarField.Checksum(_header))
        {
            throw new TarFormatException("the checksum of a header is wrong");
        }

        return true;
    }

    private byte[] ReadExtra(long size, int limit)
    {
        if (size > limit)
        {
            throw new TarFormatException($"an extended header of {size} bytes");
        }

        var data = new byte[size];
        ReadExactly(data);
        ReadExactly(_header.AsSpan(0, Padding(size)));
        return data;
    }

    private void SkipContent()
    {
        if (source.CanSeek && _contentLeft > 0)
        {
            if (source.Length - source.Position < _contentLeft)
            {
                throw new TarFormatException("the archive ends inside a file");
            }

            source.Seek(_contentLeft, SeekOrigin.Current);
            _contentLeft = 0;
        }

        while (_contentLeft > 0)
        {
            Read(_header);
        }

        // Some writers, umoci's 'insert' among them, leave out what fills up the block of the last file; Go's reader takes that as the end.
        var padding = _header.AsSpan(0, _padding);
        _padding = 0;
        if (source.ReadAtLeast(padding, padding.Length, throwOnEndOfStream: false) is var read && read > 0 && read < padding.Length)
        {
            throw new TarFormatException("the archive ends too early");
        }
    }

    private void ReadExactly(Span<byte> buffer)
    {
        if (source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
        {
            throw new TarFormatException("the archive ends too early");
        }
    }

    private static int Padding(long size) => (int)(-size & (TarField.BlockSize - 1));

    private static long Decimal(ReadOnlySpan<byte> value, string key) =>
        Utf8Parser.TryParse(value, out long number, out var used) && used == value.Length && number >= 0
            ? number
            : throw new TarFormatException($"the PAX record {key} is not a number");

    private static long Seconds(ReadOnlySpan<byte> value)
    {
        var point = value.IndexOf((byte)'.');
        var whole = point < 0 ? value : value[..point];
        return Utf8Parser.TryParse(whole, out long number, out var used) && used == whole.Length
            ? Math.Max(number, 0)
            : throw new TarFormatException($"the PAX record mtime is not a time: {Encoding.ASCII.GetString(value)}");
    }
}
