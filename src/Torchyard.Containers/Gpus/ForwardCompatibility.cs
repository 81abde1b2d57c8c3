using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Layers;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Gpus;

/// <summary>What became of an image's forward-compatibility driver.</summary>
/// <param name="Directory">Its directory when it is used, else null.</param>
/// <param name="Reason">Why it is used or not; null when the image has none.</param>
internal sealed record CompatVerdict(string? Directory, string? Reason);

/// <summary>
/// Whether the newer <c>libcuda.so</c> that an image carries in <c>/usr/local/cuda/compat</c> is used in place of the machine's.
/// The library says itself which drivers it runs on, in the ELF note <c>.note.cuda.fwd_compatibility</c> (nvidia-container-toolkit
/// 1.17.5 and later, cudacompat): the machine's major must be listed and the compat library newer; without the note its major must be
/// greater.
/// </summary>
internal static class ForwardCompatibility
{
    private const string Directory = "/usr/local/cuda/compat";
    private const string Prefix = "libcuda.so.";
    private const string Section = ".note.cuda.fwd_compatibility";
    private const int MaxSections = 4096;
    private const int MaxNoteBytes = 64 << 10;
    private const int MaxLibraries = 256;
    private const int MaxDrivers = 64;

    /// <summary>Decides.</summary>
    /// <param name="image">The image.</param>
    /// <param name="driverVersion">Version of the loaded driver.</param>
    public static CompatVerdict Decide(ImageRoot image, string driverVersion)
    {
        if (image.Resolve(Directory) is not { } directory)
        {
            return new CompatVerdict(null, null);
        }

        var names = image.List(directory);
        var libraries = names
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal) && n[Prefix.Length..].Contains('.', StringComparison.Ordinal))
            .ToList();
        if (libraries.Count == 0)
        {
            return new CompatVerdict(null, null);
        }

        if (libraries.Count > 1)
        {
            return new CompatVerdict(null, $"the image has {libraries.Count} compat drivers in {Directory}; none of them is used");
        }

        var version = libraries[0][Prefix.Length..];
        if (names.Count > MaxLibraries)
        {
            return new CompatVerdict(
                null,
                $"{Directory} of the image has {Count.Of(names.Count, "file")}, more than any driver; none of them is used"
            );
        }

        using var file = IsVersion(version) ? image.Open($"{directory}/{libraries[0]}") : null;
        if (file is null || !TryMajor(version, out var major) || !TryMajor(driverVersion, out var machine))
        {
            return new CompatVerdict(null, $"{Directory}/{libraries[0]} cannot be read; it is not used");
        }

        var note = ReadNote(file.SafeFileHandle);
        if (note is { Driver: { Count: > 0 and <= MaxDrivers } drivers })
        {
            if (!drivers.Contains(machine))
            {
                return new CompatVerdict(
                    null,
                    $"compat driver {version} does not run on drivers {machine}.x (it lists {string.Join(", ", drivers)}): the machine's "
                        + $"{driverVersion} is used"
                );
            }

            return Compare(version, driverVersion) > 0
                ? new CompatVerdict(directory, $"compat driver {version} of the image is used on the machine's {driverVersion}")
                : new CompatVerdict(null, $"compat driver {version} is not newer than the machine's {driverVersion}, which is used");
        }

        return major > machine
            ? new CompatVerdict(directory, $"compat driver {version} of the image is used on the machine's {driverVersion}")
            : new CompatVerdict(
                null,
                $"compat driver {version} is not of a newer branch than the machine's {driverVersion}, which is used"
            );
    }

    /// <summary>The note of an ELF file (elf(5); 64-bit, little-endian); null when there is none or it is damaged.</summary>
    public static CompatNote? ReadNote(SafeFileHandle file)
    {
        try
        {
            Span<byte> header = stackalloc byte[64];
            if (RandomAccess.Read(file, header, 0) < 64 || !header.StartsWith("\u007fELF"u8) || header[4] != 2 || header[5] != 1)
            {
                return null;
            }

            var table = BinaryPrimitives.ReadInt64LittleEndian(header[0x28..]);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(header[0x3a..]);
            var count = BinaryPrimitives.ReadUInt16LittleEndian(header[0x3c..]);
            var names = BinaryPrimitives.ReadUInt16LittleEndian(header[0x3e..]);
            var length = RandomAccess.GetLength(file);
            if (size != 64 || count is 0 or > MaxSections || names >= count || table <= 0 || table > length - count * 64L)
            {
                return null;
            }

            var sections = new byte[count * 64];
            if (RandomAccess.Read(file, sections, table) < sections.Length)
            {
                return null;
            }

            if (ReadSection(file, sections, names, length) is not { } strings)
            {
                return null;
            }

            for (var i = 0; i < count; i++)
            {
                var entry = sections.AsSpan(i * 64, 64);
                var name = BinaryPrimitives.ReadUInt32LittleEndian(entry);
                if (
                    BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]) == 7
                    && name < strings.Length
                    && strings.AsSpan((int)name).StartsWith(Encoding.ASCII.GetBytes(Section + "\0"))
                    && ReadSection(file, sections, i, length) is { } note
                )
                {
                    return Parse(note, BinaryPrimitives.ReadUInt64LittleEndian(entry[48..]));
                }
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Note header, then name and description, each padded to the section's alignment.</summary>
    internal static CompatNote? Parse(ReadOnlySpan<byte> note, ulong alignment)
    {
        if (note.Length < 12)
        {
            return null;
        }

        var align = alignment is 8 ? 8u : 4u;
        var nameBytes = BinaryPrimitives.ReadUInt32LittleEndian(note);
        var textBytes = BinaryPrimitives.ReadUInt32LittleEndian(note[4..]);
        var at = 12 + ((ulong)nameBytes + align - 1) / align * align;
        if (nameBytes == 0 || textBytes == 0 || at + textBytes > (ulong)note.Length)
        {
            return null;
        }

        if (!note[12..][..(int)nameBytes].TrimEnd((byte)0).SequenceEqual("NVIDIA Corporation"u8))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(note.Slice((int)at, (int)textBytes).TrimEnd((byte)0), CompatJson.Default.CompatNote);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? ReadSection(SafeFileHandle file, byte[] sections, int index, long length)
    {
        var entry = sections.AsSpan(index * 64, 64);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(entry[24..]);
        var size = BinaryPrimitives.ReadInt64LittleEndian(entry[32..]);
        if (offset < 0 || size is <= 0 or > MaxNoteBytes || offset > length - size)
        {
            return null;
        }

        var data = new byte[size];
        return RandomAccess.Read(file, data, offset) == size ? data : null;
    }

    /// <summary>Numbers with dots: a file of an image may have any name, and this one is shown and compared.</summary>
    private static bool IsVersion(string text) => text.Length <= 32 && text.All(c => char.IsAsciiDigit(c) || c == '.');

    private static bool TryMajor(string version, out int major) =>
        int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out major);

    private static int Compare(string left, string right)
    {
        var (a, b) = (left.Split('.'), right.Split('.'));
        for (var i = 0; i < Math.Max(a.Length, b.Length); i++)
        {
            _ = int.TryParse(a.ElementAtOrDefault(i) ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var x);
            _ = int.TryParse(b.ElementAtOrDefault(i) ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var y);
            if (x != y)
            {
                return x.CompareTo(y);
            }
        }

        return 0;
    }
}

/// <summary>What a compat library says about itself.</summary>
/// <param name="CudaVersion">CUDA version that it serves.</param>
/// <param name="Driver">Majors of the drivers that it runs on.</param>
internal sealed record CompatNote(
    [property: JsonPropertyName("CUDA Version")] string? CudaVersion,
    [property: JsonPropertyName("Driver")] IReadOnlyList<int>? Driver
);

[JsonSerializable(typeof(CompatNote))]
internal sealed partial class CompatJson : JsonSerializerContext;
