using System.Text;
using Torchyard.Images.Tar;
using Torchyard.Images.Tests.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Deb;

/// <summary>Makes packages for tests, hostile ones too.</summary>
internal sealed class DebBuilder(string name)
{
    private readonly List<(TarEntry, byte[])> _data =
    [
        (
            new TarEntry
            {
                Name = "./",
                Kind = TarKind.Directory,
                Mode = 0x1ED,
            },
            []
        ),
    ];
    private readonly List<(TarEntry, byte[])> _control = [];

    public string Name => name;

    public string Fields { get; set; } = "";

    public CompressionFormat Compression { get; set; } = CompressionFormat.Zstd;

    public DebBuilder File(string path, string content, int mode = 0x1A4) =>
        Entry(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.File,
                Mode = mode,
                ModifiedAt = 1_700_000_000,
            },
            content
        );

    public DebBuilder Directory(string path) =>
        Entry(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.Directory,
                Mode = 0x1ED,
                ModifiedAt = 1_700_000_000,
            }
        );

    public DebBuilder Symlink(string path, string target) =>
        Entry(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.Symlink,
                Mode = 0x1FF,
                LinkTarget = target,
                ModifiedAt = 1_700_000_000,
            }
        );

    /// <summary>A further name of a file, with the file's metadata, as tar writes it.</summary>
    public DebBuilder HardLink(string path, string target)
    {
        var first = _data.Select(pair => pair.Item1).FirstOrDefault(entry => entry.Name == target)
            ?? new TarEntry
            {
                Name = target,
                Kind = TarKind.File,
                Mode = 0x1A4,
            };
        return Entry(
            new TarEntry
            {
                Name = path,
                Kind = TarKind.HardLink,
                Mode = first.Mode,
                ModifiedAt = first.ModifiedAt,
                LinkTarget = target,
            }
        );
    }

    public DebBuilder Entry(TarEntry entry, string content = "")
    {
        _data.Add((entry, Encoding.UTF8.GetBytes(content)));
        return this;
    }

    public DebBuilder Control(string file, string content, int mode = 0x1A4)
    {
        _control.Add(
            (
                new TarEntry
                {
                    Name = "./" + file,
                    Kind = TarKind.File,
                    Mode = mode,
                    ModifiedAt = 1_700_000_000,
                },
                Encoding.UTF8.GetBytes(content)
            )
        );
        return this;
    }

    public byte[] Build()
    {
        var control =
            $"Package: {name}\nVersion: 1.0\nArchitecture: amd64\nMaintainer: A Test <test@example.org>\n{Fields}Description: a test\n";
        (TarEntry, byte[])[] controls =
        [
            (
                new TarEntry
                {
                    Name = "./control",
                    Kind = TarKind.File,
                    Mode = 0x1A4,
                    ModifiedAt = 1_700_000_000,
                },
                Encoding.UTF8.GetBytes(control)
            ),
            .. _control,
        ];
        var suffix = Compression switch
        {
            CompressionFormat.Zstd => ".zst",
            CompressionFormat.Gzip => ".gz",
            _ => "",
        };
        return Archive(
            ("debian-binary", "2.0\n"u8.ToArray()),
            ("control.tar" + suffix, Compress(TarRoundTripTests.Write(controls))),
            ("data.tar" + suffix, Compress(TarRoundTripTests.Write(_data)))
        );
    }

    public (string Path, LockedDebianPackage Package) Save(string directory)
    {
        var content = Build();
        var path = Path.Combine(directory, name + ".deb");
        System.IO.File.WriteAllBytes(path, content);
        return (path, Locked(name, content));
    }

    public static LockedDebianPackage Locked(string name, byte[] content) =>
        new()
        {
            Name = name,
            Version = "1.0",
            Architecture = "amd64",
            Source = name,
            Archive = "test",
            Filename = $"pool/{name}.deb",
            Size = content.Length,
            Sha256 = Digest.Of(content),
            InstalledSize = 1 << 20,
        };

    public static byte[] Archive(params (string Name, byte[] Content)[] members)
    {
        var archive = new MemoryStream();
        archive.Write("!<arch>\n"u8);
        foreach (var (member, content) in members)
        {
            archive.Write(
                Encoding.ASCII.GetBytes($"{member, -16}{"1700000000", -12}{"0", -6}{"0", -6}{"100644", -8}{content.Length, -10}`\n")
            );
            archive.Write(content);
            if (content.Length % 2 == 1)
            {
                archive.WriteByte((byte)'\n');
            }
        }

        return archive.ToArray();
    }

    private byte[] Compress(byte[] content)
    {
        if (Compression == CompressionFormat.None)
        {
            return content;
        }

        var packed = new MemoryStream();
        using (var stream = new FrameCompressionStream(packed, Compression, 3, leaveOpen: true))
        {
            stream.Write(content);
            stream.Complete();
        }

        return packed.ToArray();
    }
}
