using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Capture.Elf;

/// <summary>
/// What the dynamic loader reads of a program or library: 64-bit little-endian ELF (System V gABI, "Program Loading and Dynamic Linking").
/// The file is untrusted: every offset and count is checked, and nothing outside the dynamic section is kept.
/// </summary>
internal sealed record ElfImage
{
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int MaxProgramHeaders = 512;
    private const int MaxDynamicBytes = 1 << 20;
    private const int MaxName = 4096;

    private const uint Load = 1;
    private const uint Dynamic = 2;
    private const uint Interp = 3;

    private const long TagNeeded = 1;
    private const long TagStringTable = 5;
    private const long TagSoname = 14;
    private const long TagRPath = 15;
    private const long TagRunPath = 29;

    /// <summary>e_machine: 62 is x86-64, 183 arm64.</summary>
    public ushort Machine { get; private init; }

    /// <summary>The loader that a program asks for; null for libraries and static programs.</summary>
    public string? Interpreter { get; private init; }

    /// <summary>DT_SONAME, or null.</summary>
    public string? Soname { get; private init; }

    /// <summary>DT_NEEDED in their order.</summary>
    public IReadOnlyList<string> Needed { get; private init; } = [];

    /// <summary>Directories of DT_RPATH; the loader ignores them when there is a DT_RUNPATH.</summary>
    public IReadOnlyList<string> RPath { get; private init; } = [];

    /// <summary>Directories of DT_RUNPATH.</summary>
    public IReadOnlyList<string> RunPath { get; private init; } = [];

    /// <summary>Reads a file; null when it is not such an ELF file, or its headers contradict each other.</summary>
    public static ElfImage? TryRead(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            return TryRead(file.SafeFileHandle);
        }
        catch (Exception failure)
            when (failure is IOException or UnauthorizedAccessException or TorchyardException { Code: PlatformCodes.NotRegular })
        {
            return null;
        }
    }

    /// <summary>As above, from an open file.</summary>
    public static ElfImage? TryRead(SafeFileHandle file)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        // Magic, ELFCLASS64, ELFDATA2LSB.
        if (!TryReadExactly(file, header, 0) || !header.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }

        var tableAt = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        var size = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        if (size != ProgramHeaderBytes || count > MaxProgramHeaders)
        {
            return null;
        }

        var table = new byte[count * ProgramHeaderBytes];
        if (!TryReadExactly(file, table, tableAt))
        {
            return null;
        }

        var segments = new List<Segment>(count);
        for (var index = 0; index < count; index++)
        {
            segments.Add(Segment.Read(table.AsSpan(index * ProgramHeaderBytes)));
        }

        var image = new ElfImage { Machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]) };
        foreach (var segment in segments)
        {
            if (segment.Type == Interp)
            {
                image = image with { Interpreter = ReadName(file, segment.Offset) };
            }
            else if (segment.Type == Dynamic)
            {
                image = ReadDynamic(file, segment, segments, image);
            }
        }

        return image;
    }

    private static ElfImage ReadDynamic(SafeFileHandle file, Segment dynamic, List<Segment> segments, ElfImage image)
    {
        var data = new byte[Math.Min(dynamic.FileSize, MaxDynamicBytes) & ~15UL];
        if (!TryReadExactly(file, data, dynamic.Offset))
        {
            return image;
        }

        ulong? strings = null;
        var names = new List<(long Tag, ulong At)>();
        for (var at = 0; at < data.Length; at += 16)
        {
            var tag = BinaryPrimitives.ReadInt64LittleEndian(data.AsSpan(at));
            var value = BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(at + 8));
            if (tag == 0)
            {
                break;
            }

            if (tag == TagStringTable)
            {
                strings = ToOffset(value, segments);
            }
            else if (tag is TagNeeded or TagSoname or TagRPath or TagRunPath)
            {
                names.Add((tag, value));
            }
        }

        if (strings is not { } table)
        {
            return image;
        }

        var read = names
            .Select(name => (name.Tag, Text: ReadName(file, table + name.At) ?? ""))
            .Where(name => name.Text.Length > 0)
            .ToList();
        return image with
        {
            Needed = [.. read.Where(name => name.Tag == TagNeeded).Select(name => name.Text)],
            Soname = read.Where(name => name.Tag == TagSoname).Select(name => name.Text).FirstOrDefault(),
            RPath = Directories(TagRPath),
            RunPath = Directories(TagRunPath),
        };

        string[] Directories(long tag) =>
            [.. read.Where(name => name.Tag == tag).SelectMany(name => name.Text.Split(':', StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <summary>File offset of an address of the loaded image.</summary>
    private static ulong? ToOffset(ulong address, List<Segment> segments)
    {
        foreach (var segment in segments)
        {
            if (segment.Type == Load && address >= segment.Address && address - segment.Address < segment.FileSize)
            {
                return address - segment.Address + segment.Offset;
            }
        }

        return null;
    }

    private static string? ReadName(SafeFileHandle file, ulong offset)
    {
        if (offset > long.MaxValue - MaxName)
        {
            return null;
        }

        var buffer = new byte[256];
        while (true)
        {
            var read = RandomAccess.Read(file, buffer, (long)offset);
            var end = buffer.AsSpan(0, read).IndexOf((byte)0);
            if (end >= 0)
            {
                return Encoding.UTF8.GetString(buffer, 0, end);
            }

            if (read < buffer.Length || buffer.Length >= MaxName)
            {
                return null;
            }

            buffer = new byte[MaxName];
        }
    }

    private static bool TryReadExactly(SafeFileHandle file, Span<byte> buffer, ulong offset)
    {
        if (offset > long.MaxValue / 2)
        {
            return false;
        }

        for (var done = 0; done < buffer.Length; )
        {
            var read = RandomAccess.Read(file, buffer[done..], (long)offset + done);
            if (read == 0)
            {
                return false;
            }

            done += read;
        }

        return true;
    }

    private readonly record struct Segment(uint Type, ulong Offset, ulong Address, ulong FileSize)
    {
        public static Segment Read(ReadOnlySpan<byte> data) =>
            new(
                BinaryPrimitives.ReadUInt32LittleEndian(data),
                BinaryPrimitives.ReadUInt64LittleEndian(data[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(data[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(data[32..])
            );
    }
}
