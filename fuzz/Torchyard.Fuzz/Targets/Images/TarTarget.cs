using Torchyard.Images.Tar;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>Entries that are read are written again and read once more.</summary>
internal sealed class TarTarget : FuzzTarget
{
    private const int MostContent = 1 << 20;

    public override string Name => "tar";

    public override string Input => "tar archives: layers, Debian packages, NVIDIA's archives";

    public override IReadOnlyList<string> Words =>
        [
            "ustar\0",
            "ustar  ",
            "30 mtime=1700000000.123456789\n",
            "12 path=a/b\n",
            "SCHILY.xattr.user.a=",
            "GNU.sparse.major=1",
            "path=",
            "linkpath=",
            "size=",
            "uid=",
            "gid=",
            "./",
            "../",
            "0000644\0",
            "00000000017\0",
            "\u0080\0\0\0",
        ];

    public override bool IsRefusal(Exception failure) => failure is TarFormatException;

    public override IEnumerable<byte[]> Seeds()
    {
        TarEntry[] entries =
        [
            new()
            {
                Name = "usr/",
                Kind = TarKind.Directory,
                Mode = 0x1ED,
            },
            new()
            {
                Name = "usr/file",
                Kind = TarKind.File,
                Mode = 0x1A4,
                Size = 5,
                ModifiedAt = 1_700_000_000,
                Xattrs = [new("user.a", [1, 2, 3])],
            },
            new()
            {
                Name = new string('n', 200),
                Kind = TarKind.File,
                Size = 3,
                User = 5_000_000,
            },
            new()
            {
                Name = "usr/hard",
                Kind = TarKind.HardLink,
                LinkTarget = "usr/file",
            },
            new()
            {
                Name = "usr/é",
                Kind = TarKind.Symlink,
                LinkTarget = "../" + new string('t', 150),
            },
            new()
            {
                Name = "dev/null",
                Kind = TarKind.CharacterDevice,
                DeviceMajor = 1,
                DeviceMinor = 3,
            },
            new() { Name = "run/pipe", Kind = TarKind.Fifo },
        ];
        yield return Write(entries);
        yield return Write(entries[..2]);
        yield return Gnu('L', "a/long/name\0");
        yield return Gnu('K', "a/long/link\0");
        yield return Gnu('x', "19 path=a/pax/name\n");
        yield return Gnu('g', "22 comment=0123456789\n");
    }

    public override void Settle(Span<byte> input)
    {
        for (var at = 0; at + TarField.BlockSize <= input.Length; at += TarField.BlockSize)
        {
            var block = input.Slice(at, TarField.BlockSize);
            if (block.Slice(257, 5).SequenceEqual("ustar"u8))
            {
                block.Slice(148, 8).Fill((byte)' ');
                Bytes.Of(Convert.ToString(TarField.Checksum(block), 8).PadLeft(6, '0') + "\0 ").CopyTo(block[148..]);
            }
        }
    }

    public override object? Parse(byte[] input)
    {
        var entries = Read(input);
        if (entries.All(entry => entry.Entry.Size <= MostContent && entry.Entry.Size == entry.Content.Length))
        {
            using var copy = new MemoryStream();
            var writer = new TarLayerWriter(copy);
            foreach (var (entry, content) in entries)
            {
                writer.Write(entry, new MemoryStream(content));
            }

            writer.Complete();
            var again = Read(copy.ToArray());
            Require(
                ResultText.Of(Plain(again)) == ResultText.Of(Plain(entries)),
                "an archive of the entries that were read gives other entries"
            );
        }

        return entries;
    }

    // A directory is written with a slash behind its name, whether or not it had one.
    private static List<(TarEntry Entry, byte[] Content)> Plain(List<(TarEntry Entry, byte[] Content)> entries) =>
        [
            .. entries.Select(one =>
                (one.Entry.Kind == TarKind.Directory ? one.Entry with { Name = one.Entry.Name.TrimEnd('/') } : one.Entry, one.Content)
            ),
        ];

    private static List<(TarEntry Entry, byte[] Content)> Read(byte[] archive)
    {
        var reader = new TarReader(new MemoryStream(archive));
        var entries = new List<(TarEntry, byte[])>();
        var buffer = new byte[4096];
        while (reader.Next() is { } entry)
        {
            using var content = new MemoryStream();
            int read;
            while ((read = reader.Read(buffer)) > 0)
            {
                content.Write(buffer, 0, read);
            }

            entries.Add((entry, content.ToArray()));
        }

        reader.Drain();
        return entries;
    }

    private static byte[] Write(TarEntry[] entries)
    {
        using var archive = new MemoryStream();
        var writer = new TarLayerWriter(archive);
        foreach (var entry in entries)
        {
            writer.Write(entry, new MemoryStream(new byte[entry.Size]));
        }

        writer.Complete();
        return archive.ToArray();
    }

    // An extended header in front of an empty file.
    private static byte[] Gnu(char type, string text)
    {
        var archive = Write([
            new TarEntry
            {
                Name = "header",
                Kind = TarKind.File,
                Size = text.Length,
            },
            new TarEntry
            {
                Name = "short",
                Kind = TarKind.Symlink,
                LinkTarget = "target",
            },
        ]);
        archive[156] = (byte)type;
        Bytes.Of(text).CopyTo(archive, TarField.BlockSize);
        new TarTarget().Settle(archive);
        return archive;
    }
}
