using System.Buffers.Binary;
using Torchyard.Containers.Gpus;
using Torchyard.Images.Capture.Elf;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>Programs and libraries of a captured environment and of images: what they need, and NVIDIA's note of compatibility.</summary>
internal sealed class ElfTarget : FuzzTarget
{
    public override string Name => "elf";

    public override string Input => "ELF files of captured environments and of images";

    // Four thousand names of a dynamic section, each at most as long as a path.
    public override long AllocationLimit => 64L << 20;

    public override IReadOnlyList<string> Words =>
        [
            "\u007fELF\u0002\u0001\u0001",
            "libc.so.6\0",
            "$ORIGIN/lib\0",
            ".note.cuda.fwd_compatibility\0",
            "NVIDIA Corporation\0",
            "{\"Driver\":[535]}",
        ];

    public override IEnumerable<byte[]> Seeds() =>
        [Dynamic(), Noted("""{"Format":1,"CUDA Version":"12.8","Driver":[535,550],"Device":[7,8,9]}""")];

    public override object? Parse(byte[] input)
    {
        var path = InputFile.Write(input);
        using var file = File.OpenHandle(path);
        return (ElfImage.TryRead(path), ForwardCompatibility.ReadNote(file));
    }

    // PT_LOAD over the whole file, PT_INTERP and PT_DYNAMIC with names.
    private static byte[] Dynamic()
    {
        var file = new byte[1024];
        Header(file, programs: 3, sections: 0);
        Program(file, 0, type: 1, at: 0, size: file.Length);
        Program(file, 1, type: 3, at: 512, size: 16);
        Program(file, 2, type: 2, at: 640, size: 6 * 16);
        "/lib64/ld.so\0"u8.CopyTo(file.AsSpan(512));
        "\0libc.so.6\0liba.so.1\0$ORIGIN/../lib:/opt/lib\0"u8.CopyTo(file.AsSpan(768));
        (long Tag, long Value)[] entries = [(5, 768), (10, 60), (1, 1), (14, 11), (29, 21), (0, 0)];
        for (var index = 0; index < entries.Length; index++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(640 + (index * 16)), entries[index].Tag);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(648 + (index * 16)), entries[index].Value);
        }

        return file;
    }

    private static byte[] Noted(string text)
    {
        var file = new byte[1024];
        Header(file, programs: 0, sections: 3);
        "\0.note.cuda.fwd_compatibility\0.shstrtab\0"u8.CopyTo(file.AsSpan(512));
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(256), 19);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(260), text.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(264), 1);
        "NVIDIA Corporation\0"u8.CopyTo(file.AsSpan(268));
        Bytes.Of(text).CopyTo(file, 288);
        Section(file, 1, name: 1, type: 7, at: 256, size: 32 + text.Length);
        Section(file, 2, name: 30, type: 3, at: 512, size: 40);
        return file;
    }

    private static void Header(byte[] file, short programs, short sections)
    {
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(16), 3);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(18), 62);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(40), sections > 0 ? 640 : 0);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(52), 64);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(56), programs);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(58), 64);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(60), sections);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(62), 2);
    }

    private static void Program(byte[] file, int index, int type, long at, long size)
    {
        var entry = file.AsSpan(64 + (index * 56), 56);
        BinaryPrimitives.WriteInt32LittleEndian(entry, type);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], at);
        BinaryPrimitives.WriteInt64LittleEndian(entry[16..], at);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], size);
        BinaryPrimitives.WriteInt64LittleEndian(entry[40..], size);
    }

    private static void Section(byte[] file, int index, int name, int type, long at, long size)
    {
        var entry = file.AsSpan(640 + (index * 64), 64);
        BinaryPrimitives.WriteInt32LittleEndian(entry, name);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], type);
        BinaryPrimitives.WriteInt64LittleEndian(entry[24..], at);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], size);
        BinaryPrimitives.WriteInt64LittleEndian(entry[48..], 4);
    }
}
