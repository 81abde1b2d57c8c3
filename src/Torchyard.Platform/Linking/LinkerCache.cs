using System.Buffers.Binary;
using System.Text;

namespace Torchyard.Platform.Linking;

/// <summary>One line of <c>ld.so.cache</c>.</summary>
/// <param name="Soname">Name that programs ask for.</param>
/// <param name="Path">File that the linker loads for it.</param>
/// <param name="Flags">Kind and architecture (glibc, elf/ldconfig.h, FLAG_*): 0x303 is ELF, libc6, x86-64.</param>
/// <param name="HardwareCapabilities">glibc-hwcaps bits; 0 for the plain variant.</param>
public readonly record struct LinkerCacheEntry(string Soname, string Path, int Flags, ulong HardwareCapabilities = 0);

/// <summary>
/// Reads <c>/etc/ld.so.cache</c> (glibc, sysdeps/generic/dl-cache.h): the new format <c>glibc-ld.so.cache1.1</c>, alone or behind
/// an old <c>ld.so-1.7.0</c> part.
/// </summary>
public static class LinkerCache
{
    /// <summary>FLAG_ELF_LIBC6: an ELF library for glibc.</summary>
    public const int FlagElfLibc6 = 0x3;

    /// <summary>FLAG_X8664_LIB64: of x86-64.</summary>
    public const int FlagX8664 = 0x0300;

    /// <summary>FLAG_AARCH64_LIB64: of arm64.</summary>
    public const int FlagAarch64 = 0x0a00;

    internal static ReadOnlySpan<byte> Magic => "glibc-ld.so.cache1.1"u8;

    private const int LongestName = 255; // of a file (limits.h, NAME_MAX)
    private const int TextTimes = 4;
    private const int HeaderBytes = 48;
    private const int EntryBytes = 24;
    private const int MaxEntries = 200_000;
    private const uint ExtensionMagic = 0xEAA42174;
    private const uint HwcapsTag = 2;
    private const uint SectionBytes = 16;
    private const uint MaxSections = 64;
    private const uint MaxHwcaps = 256;
    private const int OldHeaderBytes = 16;
    private const int OldEntryBytes = 12;

    /// <summary>The entries, in the linker's order; none when the bytes are not such a cache or are cut off.</summary>
    public static IReadOnlyList<LinkerCacheEntry> Read(ReadOnlySpan<byte> data)
    {
        var start = FindNewFormat(data);
        if (start < 0)
        {
            return [];
        }

        var cache = data[start..];
        var count = BinaryPrimitives.ReadUInt32LittleEndian(cache[20..]);
        if (count > MaxEntries || HeaderBytes + (long)count * EntryBytes > cache.Length)
        {
            return [];
        }

        // Entries share their names, and may end alike; more text than a few times the file can only be made to fill the memory.
        var texts = new Dictionary<uint, string?>();
        var room = TextTimes * (long)cache.Length;
        var entries = new List<LinkerCacheEntry>((int)count);
        for (var i = 0; i < (int)count; i++)
        {
            var entry = cache.Slice(HeaderBytes + i * EntryBytes, EntryBytes);
            // Offsets count from the start of the new format's header.
            if (
                Shared(texts, cache, BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]), ref room) is { Length: <= LongestName } soname
                && Shared(texts, cache, BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), ref room) is { } path
            )
            {
                entries.Add(
                    new LinkerCacheEntry(
                        soname,
                        path,
                        BinaryPrimitives.ReadInt32LittleEndian(entry),
                        BinaryPrimitives.ReadUInt64LittleEndian(entry[16..])
                    )
                );
            }

            if (room < 0)
            {
                return [];
            }
        }

        return entries;
    }

    private static string? Shared(Dictionary<uint, string?> texts, ReadOnlySpan<byte> cache, uint offset, ref long room)
    {
        if (texts.TryGetValue(offset, out var known))
        {
            return known;
        }

        var text = Text(cache, offset);
        texts[offset] = text;
        room -= text?.Length ?? 0;
        return text;
    }

    /// <summary>
    /// Names of the <c>glibc-hwcaps</c> directories that entries refer to by index (cache_extension_tag_glibc_hwcaps); none in old caches.
    /// </summary>
    public static IReadOnlyList<string> HardwareCapabilityNames(ReadOnlySpan<byte> data)
    {
        var start = FindNewFormat(data);
        if (start < 0)
        {
            return [];
        }

        var cache = data[start..];
        var at = BinaryPrimitives.ReadUInt32LittleEndian(cache[32..]);
        if (at == 0 || at > cache.Length - 8 || BinaryPrimitives.ReadUInt32LittleEndian(cache[(int)at..]) != ExtensionMagic)
        {
            return [];
        }

        var sections = BinaryPrimitives.ReadUInt32LittleEndian(cache[(int)(at + 4)..]);
        for (var i = 0u; i < Math.Min(sections, MaxSections); i++)
        {
            var section = at + 8 + i * SectionBytes;
            if (section > cache.Length - SectionBytes)
            {
                return [];
            }

            var offset = BinaryPrimitives.ReadUInt32LittleEndian(cache[(int)(section + 8)..]);
            var size = BinaryPrimitives.ReadUInt32LittleEndian(cache[(int)(section + 12)..]);
            if (
                BinaryPrimitives.ReadUInt32LittleEndian(cache[(int)section..]) != HwcapsTag
                || size > MaxHwcaps * 4
                || offset > cache.Length - size
            )
            {
                continue;
            }

            var names = new List<string>();
            for (var n = 0u; n < size / 4; n++)
            {
                names.Add(Text(cache, BinaryPrimitives.ReadUInt32LittleEndian(cache[(int)(offset + n * 4)..])) ?? "");
            }

            return names;
        }

        return [];
    }

    private static int FindNewFormat(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith(Magic) && data.Length >= HeaderBytes)
        {
            return 0;
        }

        if (!data.StartsWith("ld.so-1.7.0"u8) || data.Length < OldHeaderBytes)
        {
            return -1;
        }

        var oldCount = BinaryPrimitives.ReadUInt32LittleEndian(data[12..]);
        var start = (OldHeaderBytes + (long)oldCount * OldEntryBytes + 7) & ~7L;
        return start + HeaderBytes <= data.Length && data[(int)start..].StartsWith(Magic) ? (int)start : -1;
    }

    private static string? Text(ReadOnlySpan<byte> cache, uint offset)
    {
        if (offset >= cache.Length)
        {
            return null;
        }

        var tail = cache[(int)offset..];
        var end = tail[..Math.Min(tail.Length, 4096)].IndexOf((byte)0);
        return end < 0 ? null : Encoding.UTF8.GetString(tail[..end]);
    }
}
