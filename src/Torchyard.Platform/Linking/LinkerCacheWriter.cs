using System.Buffers.Binary;
using System.Text;

namespace Torchyard.Platform.Linking;

/// <summary>
/// Writes <c>ld.so.cache</c> as ldconfig does (glibc, elf/cache.c and sysdeps/generic/dl-cache.h, format glibc-ld.so.cache1.1), so that
/// nothing of the image has to run and nothing of the host runs with the image's files.
/// </summary>
public static class LinkerCacheWriter
{
    private const int HeaderBytes = 48;
    private const int EntryBytes = 24;
    private const uint ExtensionMagic = 0xEAA42174;
    private const uint HwcapsTag = 2;
    private const byte LittleEndian = 2;

    /// <summary>The bytes of a cache.</summary>
    /// <param name="entries">Entries; of those with the same name the first is preferred.</param>
    /// <param name="hardwareCapabilities">Names of <c>glibc-hwcaps</c> directories that entries refer to.</param>
    public static byte[] Write(IEnumerable<LinkerCacheEntry> entries, IReadOnlyList<string> hardwareCapabilities)
    {
        // The loader searches by halves in descending order of names; a stable sort keeps the preference among equals.
        var sorted = entries.OrderByDescending(e => e.Soname, NameOrder.Instance).ToList();
        var strings = new MemoryStream();
        var offsets = new Dictionary<string, uint>(StringComparer.Ordinal);
        var start = (uint)(HeaderBytes + sorted.Count * EntryBytes);
        uint Offset(string text)
        {
            if (offsets.TryGetValue(text, out var known))
            {
                return known;
            }

            var offset = start + (uint)strings.Length;
            strings.Write(Encoding.UTF8.GetBytes(text));
            strings.WriteByte(0);
            offsets[text] = offset;
            return offset;
        }

        var table = new byte[sorted.Count * EntryBytes];
        for (var i = 0; i < sorted.Count; i++)
        {
            var slot = table.AsSpan(i * EntryBytes);
            BinaryPrimitives.WriteInt32LittleEndian(slot, sorted[i].Flags);
            BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], Offset(sorted[i].Soname));
            BinaryPrimitives.WriteUInt32LittleEndian(slot[8..], Offset(sorted[i].Path));
            BinaryPrimitives.WriteUInt64LittleEndian(slot[16..], sorted[i].HardwareCapabilities);
        }

        var names = hardwareCapabilities.Select(Offset).ToArray();
        var extension = (start + (uint)strings.Length + 3) & ~3u;
        var file = new MemoryStream();
        var header = new byte[HeaderBytes];
        LinkerCache.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(20), (uint)sorted.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), (uint)strings.Length);
        header[28] = LittleEndian;
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(32), names.Length > 0 ? extension : 0);
        file.Write(header);
        file.Write(table);
        strings.WriteTo(file);
        if (names.Length > 0)
        {
            WriteExtension(file, extension, names);
        }

        return file.ToArray();
    }

    /// <summary>struct cache_extension with one section, the offsets of the names (dl-cache.h, cache_extension_tag_glibc_hwcaps).</summary>
    private static void WriteExtension(MemoryStream file, uint at, uint[] names)
    {
        file.Write(new byte[at - file.Length]);
        Span<byte> section = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(section, ExtensionMagic);
        BinaryPrimitives.WriteUInt32LittleEndian(section[4..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(section[8..], HwcapsTag);
        BinaryPrimitives.WriteUInt32LittleEndian(section[16..], at + 24);
        BinaryPrimitives.WriteUInt32LittleEndian(section[20..], (uint)names.Length * sizeof(uint));
        file.Write(section);
        Span<byte> word = stackalloc byte[sizeof(uint)];
        foreach (var name in names)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(word, name);
            file.Write(word);
        }
    }

    /// <summary>The loader's order of names: digits count as numbers and come after letters (dl-cache.c, _dl_cache_libcmp).</summary>
    internal sealed class NameOrder : IComparer<string>
    {
        public static readonly NameOrder Instance = new();

        public int Compare(string? x, string? y)
        {
            var (a, b) = (Encoding.UTF8.GetBytes(x ?? ""), Encoding.UTF8.GetBytes(y ?? ""));
            int i = 0,
                j = 0;
            while (i < a.Length)
            {
                var other = j < b.Length ? b[j] : (byte)0;
                if (char.IsAsciiDigit((char)a[i]))
                {
                    if (!char.IsAsciiDigit((char)other))
                    {
                        return 1;
                    }

                    var (left, right) = (Number(a, ref i), Number(b, ref j));
                    if (left != right)
                    {
                        return left.CompareTo(right);
                    }
                }
                else if (char.IsAsciiDigit((char)other))
                {
                    return -1;
                }
                else if (a[i] != other)
                {
                    return a[i] - other;
                }
                else
                {
                    (i, j) = (i + 1, j + 1);
                }
            }

            return j < b.Length ? -1 : 0;
        }

        private static int Number(byte[] text, ref int at)
        {
            var value = 0;
            // Overflow wraps, as the loader's own int does.
            while (at < text.Length && char.IsAsciiDigit((char)text[at]))
            {
                value = unchecked(value * 10 + text[at++] - '0');
            }

            return value;
        }
    }
}
