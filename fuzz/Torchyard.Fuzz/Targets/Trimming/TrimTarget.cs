using System.Buffers.Binary;
using Torchyard.Platform.Files;
using Torchyard.Trimming.Fatbins;
using Torchyard.Trimming.Files;
using Torchyard.Trimming.Rules;

namespace Torchyard.Fuzz.Targets.Trimming;

/// <summary>
/// Libraries of wheels and packages, as <c>trim</c> reads and writes them: the same file, a smaller one that is read again and not changed
/// any more, or a refusal.
/// </summary>
internal sealed class TrimTarget : FuzzTarget
{
    private static readonly TrimTargets Targets = TrimTargets.Of(["sm_90"]);

    public override string Name => "trim";

    public override string Input => "ELF files with CUDA device code, from wheels and packages of strangers";

    public override int LongestInput => 64 * 1024;

    public override IReadOnlyList<string> Words =>
        ["\u007fELF\u0002\u0001\u0001", ".nv_fatbin\0", "__nv_relfatbin\0", "P\u00edU\u00ba\u0001\0\u0010\0", "sm_90a", "12.1"];

    public override IEnumerable<byte[]> Seeds() => [Library(80, 90), Library(70, 75, 80), Library(90)];

    public override object? Parse(byte[] input)
    {
        _ = CudaArchitecture.TryParse(System.Text.Encoding.Latin1.GetString(input.AsSpan(0, Math.Min(input.Length, 16))), out _);
        var place = InputFile.EmptyDirectory();
        File.WriteAllBytes(Path.Combine(place, "a.so"), input);
        using var directory = ConfinedDirectory.Open(place);
        var trimmer = new TreeTrimmer { Targets = Targets };
        if (trimmer.TrimFile(directory, "a.so", CancellationToken.None) is not { } first)
        {
            Require(File.ReadAllBytes(Path.Combine(place, "a.so")).AsSpan().SequenceEqual(input), "what is not trimmed stays as it is");
            return null;
        }

        var once = File.ReadAllBytes(Path.Combine(place, "a.so"));
        Require(once.Length <= input.Length, "a trimmed file is not larger");
        Require(once.Length == first.Plan.BytesAfter, "a trimmed file is as large as planned");
        Require(first.Plan.IsChange || once.AsSpan().SequenceEqual(input), "a file of which nothing goes stays as it is");
        var second = trimmer.TrimFile(directory, "a.so", CancellationToken.None);
        Require(second is { Plan.IsChange: false }, "trimming twice changes nothing more");
        Require(second!.Plan.CodeAfter == first.Plan.CodeAfter, "what stays is read again");
        return (first.Plan.BytesAfter, first.Plan.CodeBefore, first.Plan.CodeAfter, first.Plan.Doubts.Count, first.Plan.Regions);
    }

    // One read-only segment with code, a region, and section headers at the end.
    private static byte[] Library(params uint[] architectures)
    {
        const int RegionAt = 0x400;
        const int Payload = 6000;
        var payload = architectures.Length * (64 + Payload);
        var namesAt = RegionAt + 16 + payload;
        var sectionsAt = (namesAt + 40 + 7) / 8 * 8;
        var file = new byte[sectionsAt + (3 * 64)];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        Short(file, 16, 3);
        Short(file, 18, 62);
        Long(file, 32, 64);
        Long(file, 40, sectionsAt);
        Short(file, 54, 56);
        Short(file, 56, 1);
        Short(file, 58, 64);
        Short(file, 60, 3);
        Short(file, 62, 2);
        Short(file, 64, 1);
        Short(file, 68, 5);
        Long(file, 96, sectionsAt);
        Long(file, 104, sectionsAt);
        Long(file, 112, 4096);
        Long(file, RegionAt, 0x00100001BA55ED50);
        Long(file, RegionAt + 8, payload);
        for (var index = 0; index < architectures.Length; index++)
        {
            var at = RegionAt + 16 + (index * (64 + Payload));
            Short(file, at, 2);
            Short(file, at + 2, 0x101);
            Long(file, at + 4, 64);
            Long(file, at + 8, Payload);
            Long(file, at + 28, architectures[index]);
            Long(file, at + 40, 0x11);
            file.AsSpan(at + 64, Payload).Fill((byte)architectures[index]);
        }

        "\0.nv_fatbin\0.shstrtab\0"u8.CopyTo(file.AsSpan(namesAt));
        Section(file, sectionsAt + 64, name: 1, type: 1, flags: 2, RegionAt, 16 + payload);
        Section(file, sectionsAt + 128, name: 12, type: 3, flags: 0, namesAt, 22);
        return file;
    }

    private static void Section(byte[] file, int header, int name, int type, int flags, long at, long size)
    {
        Long(file, header, name);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(header + 4), type);
        Long(file, header + 8, flags);
        Long(file, header + 16, at);
        Long(file, header + 24, at);
        Long(file, header + 32, size);
        Long(file, header + 48, 8);
    }

    private static void Short(byte[] file, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    private static void Long(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
