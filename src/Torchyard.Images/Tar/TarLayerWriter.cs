using System.Globalization;
using System.Text;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Tar;

/// <summary>
/// Writes tar archives whose bytes depend on the entries alone: ustar where it suffices, one PAX header before an entry where it does not;
/// no process id, no user or group names, no access times, times in whole seconds.
/// </summary>
public sealed class TarLayerWriter(Stream sink)
{
    // Largest values that the octal fields hold.
    private const long MaxSize = (1L << 33) - 1;
    private const uint MaxId = (1 << 21) - 1;

    private readonly byte[] _header = new byte[TarField.BlockSize];
    private readonly byte[] _zeros = new byte[2 * TarField.BlockSize];
    private readonly byte[] _buffer = new byte[256 * 1024];

    /// <summary>
    /// Writes an entry. The content of a file is read from <paramref name="content"/>, exactly <see cref="TarEntry.Size"/> bytes.
    /// </summary>
    /// <exception cref="InvalidDataException">The content is shorter than its size says.</exception>
    public void Write(TarEntry entry, Stream? content = null)
    {
        var pax = new List<byte>();
        var name = entry.Kind == TarKind.Directory && !entry.Name.EndsWith('/') ? entry.Name + "/" : entry.Name;
        var (shortName, prefix) = SplitName(name);
        if (shortName is null)
        {
            PaxRecords.Append(pax, "path", Encoding.UTF8.GetBytes(name));
        }

        if (Encoding.UTF8.GetByteCount(entry.LinkTarget) > 100 || !Ascii.IsValid(entry.LinkTarget))
        {
            PaxRecords.Append(pax, "linkpath", Encoding.UTF8.GetBytes(entry.LinkTarget));
        }

        AppendNumber(pax, "size", entry.Size, MaxSize);
        AppendNumber(pax, "uid", entry.User, MaxId);
        AppendNumber(pax, "gid", entry.Group, MaxId);
        AppendNumber(pax, "mtime", entry.ModifiedAt, MaxSize);
        foreach (var (key, value) in entry.Xattrs.OrderBy(attribute => attribute.Key, StringComparer.Ordinal))
        {
            PaxRecords.Append(pax, PaxRecords.XattrPrefix + key, value);
        }

        if (pax.Count > 0)
        {
            WriteHeader(
                "PaxHeaders/entry",
                "",
                'x',
                new TarEntry
                {
                    Name = "",
                    Kind = TarKind.File,
                    Mode = FileModes.Readable,
                    Size = pax.Count,
                }
            );
            sink.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pax));
            Pad(pax.Count);
        }

        WriteHeader(shortName ?? Shortened(name), prefix, TypeFlag(entry.Kind), entry);
        if (entry.Size > 0)
        {
            CopyContent(entry, content ?? throw new ArgumentNullException(nameof(content)));
            Pad(entry.Size);
        }
    }

    /// <summary>Writes the two zero blocks that end an archive.</summary>
    public void Complete() => sink.Write(_zeros);

    private static char TypeFlag(TarKind kind) =>
        kind switch
        {
            TarKind.File => '0',
            TarKind.HardLink => '1',
            TarKind.Symlink => '2',
            TarKind.CharacterDevice => '3',
            TarKind.BlockDevice => '4',
            TarKind.Directory => '5',
            TarKind.Fifo => '6',
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    private static void AppendNumber(List<byte> pax, string key, long value, long limit)
    {
        if (value > limit || value < 0)
        {
            PaxRecords.Append(pax, key, Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Name and prefix fields of ustar; no name when they cannot hold it.</summary>
    private static (string? Name, string Prefix) SplitName(string name)
    {
        if (!Ascii.IsValid(name))
        {
            return (null, "");
        }

        if (name.Length <= 100)
        {
            return (name, "");
        }

        // The first slash that leaves at most 100 bytes for the name; a directory's last slash belongs to the name.
        var slash = name.IndexOf('/', name.Length - 101);
        return slash > 0 && slash <= 155 && slash < name.Length - 1 ? (name[(slash + 1)..], name[..slash]) : (null, "");
    }

    /// <summary>What readers without PAX see.</summary>
    private static string Shortened(string name)
    {
        var ascii = string.Concat(name.Select(character => char.IsAscii(character) ? character : '_'));
        return ascii.Length <= 100 ? ascii : ascii[..100];
    }

    private void WriteHeader(string name, string prefix, char type, TarEntry entry)
    {
        var header = _header.AsSpan();
        header.Clear();
        Encoding.ASCII.GetBytes(name, header[..100]);
        Octal(header.Slice(100, 8), entry.Mode);
        Octal(header.Slice(108, 8), entry.User > MaxId ? 0 : entry.User);
        Octal(header.Slice(116, 8), entry.Group > MaxId ? 0 : entry.Group);
        Octal(header.Slice(124, 12), entry.Size > MaxSize ? 0 : entry.Size);
        Octal(header.Slice(136, 12), entry.ModifiedAt is < 0 or > MaxSize ? 0 : entry.ModifiedAt);
        header[156] = (byte)type;
        if (entry.LinkTarget.Length > 0)
        {
            Encoding.ASCII.GetBytes(Shortened(entry.LinkTarget), header.Slice(157, 100));
        }

        "ustar\0"u8.CopyTo(header[257..]);
        "00"u8.CopyTo(header[263..]);
        if (entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice)
        {
            Octal(header.Slice(329, 8), entry.DeviceMajor);
            Octal(header.Slice(337, 8), entry.DeviceMinor);
        }

        Encoding.ASCII.GetBytes(prefix, header.Slice(345, 155));
        Octal(header.Slice(148, 7), TarField.Checksum(header));
        header[155] = (byte)' ';
        sink.Write(header);
    }

    private void CopyContent(TarEntry entry, Stream content)
    {
        for (var left = entry.Size; left > 0; )
        {
            var read = content.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, left)));
            if (read == 0)
            {
                throw new InvalidDataException($"{entry.Name} is shorter than its {entry.Size} bytes");
            }

            sink.Write(_buffer.AsSpan(0, read));
            left -= read;
        }
    }

    private void Pad(long size) => sink.Write(_zeros.AsSpan(0, (int)(-size & (TarField.BlockSize - 1))));

    /// <summary>Zero-padded octal digits with a NUL behind them.</summary>
    private static void Octal(Span<byte> field, long value)
    {
        for (var index = field.Length - 2; index >= 0; index--)
        {
            field[index] = (byte)('0' + (value & 7));
            value >>= 3;
        }

        field[^1] = 0;
    }
}
