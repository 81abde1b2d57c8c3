using System.Buffers.Binary;
using System.Text;

namespace Torchyard.Testing.Gpus;

/// <summary>
/// A shared object with nothing but the note of NVIDIA's forward-compatibility libraries, in the form that theirs have
/// (nvidia-container-toolkit, cmd/nvidia-cdi-hook/cudacompat and its testdata): section <c>.note.cuda.fwd_compatibility</c> of type
/// SHT_NOTE, owner
/// <c>NVIDIA Corporation</c>, JSON.
/// </summary>
public static class CompatLibrary
{
    /// <summary>The bytes of the file.</summary>
    /// <param name="cuda">CUDA release.</param>
    /// <param name="drivers">Driver branches that it runs on.</param>
    public static byte[] Make(string cuda, params int[] drivers)
    {
        var text = Encoding.ASCII.GetBytes(
            $$"""{"Format":1,"CUDA Version":"{{cuda}}","Driver":[{{string.Join(',', drivers)}}],"Device":[1,2,7,8,9,10,11,12,13,14]}"""
        );
        var owner = "NVIDIA Corporation\0"u8;
        var names = "\0.note.cuda.fwd_compatibility\0.shstrtab\0"u8;
        var note = new byte[12 + Aligned(owner.Length) + Aligned(text.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(note, owner.Length);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(4), text.Length);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(8), 1);
        owner.CopyTo(note.AsSpan(12));
        text.CopyTo(note, 12 + Aligned(owner.Length));

        var sections = 64 + note.Length + Aligned(names.Length);
        sections += -sections & 7;
        var file = new byte[sections + (3 * 64)];
        // elf(5): 64 bits, little-endian, a shared object for x86-64.
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(0x10), 3);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(0x12), 62);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(0x14), 1);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(0x28), sections);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(0x34), 64);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(0x3a), 64);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(0x3c), 3);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(0x3e), 2);
        note.CopyTo(file, 64);
        names.CopyTo(file.AsSpan(64 + note.Length));
        Section(1, name: 1, type: 7, offset: 64, note.Length, alignment: 4);
        Section(2, name: 30, type: 3, offset: 64 + note.Length, names.Length, alignment: 1);
        return file;

        void Section(int index, int name, int type, long offset, long size, long alignment)
        {
            var entry = file.AsSpan(sections + (index * 64), 64);
            BinaryPrimitives.WriteInt32LittleEndian(entry, name);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], type);
            BinaryPrimitives.WriteInt64LittleEndian(entry[24..], offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[32..], size);
            BinaryPrimitives.WriteInt64LittleEndian(entry[48..], alignment);
        }

        static int Aligned(int length) => (length + 3) & ~3;
    }
}
