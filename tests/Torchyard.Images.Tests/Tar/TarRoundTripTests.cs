using CsCheck;
using Torchyard.Images.Tar;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Tests.Tar;

public sealed class TarRoundTripTests
{
    private static readonly Gen<string> GenName = Gen.Select(
        Gen.OneOf(Gen.String[Gen.Char.AlphaNumeric, 1, 90], Gen.String[Gen.Char["ä漢a +"], 1, 60]).Array[1, 6],
        parts => string.Join('/', parts)
    );

    private static readonly Gen<TarEntry> GenEntry = Gen.Select(
        GenName,
        Gen.Enum<TarKind>(),
        GenName,
        Gen.Int[0, 0xFFF],
        Gen.UInt,
        Gen.UInt,
        Gen.Long[0, 1L << 40],
        Gen.Select(Gen.String[Gen.Char.AlphaNumeric, 1, 10], Gen.Byte.Array[0, 20]).Array[0, 2],
        (name, kind, link, mode, user, group, time, attributes) =>
            new TarEntry
            {
                Name = name,
                Kind = kind,
                LinkTarget = kind is TarKind.HardLink or TarKind.Symlink ? link : "",
                Mode = mode,
                User = user,
                Group = group,
                ModifiedAt = time,
                DeviceMajor = kind is TarKind.CharacterDevice or TarKind.BlockDevice ? user % 4096 : 0,
                DeviceMinor = kind is TarKind.CharacterDevice or TarKind.BlockDevice ? group % 4096 : 0,
                Xattrs =
                [
                    .. attributes
                        .DistinctBy(pair => pair.Item1)
                        .OrderBy(pair => pair.Item1, StringComparer.Ordinal)
                        .Select(pair => new KeyValuePair<string, byte[]>("user." + pair.Item1, pair.Item2)),
                ],
            }
    );

    [Fact]
    public void What_the_writer_writes_the_reader_reads() =>
        Gen.Select(GenEntry, Gen.Byte.Array[0, 2000])
            .Array[0, 8]
            .Sample(entries =>
            {
                var archive = Write(entries);
                var reader = new TarReader(new MemoryStream(archive));
                foreach (var (entry, content) in entries)
                {
                    var read = reader.Next()!;
                    var isFile = entry.Kind == TarKind.File;
                    var expectedName = entry.Kind == TarKind.Directory ? entry.Name + "/" : entry.Name;
                    Assert.Equal(expectedName, read.Name);
                    Assert.Equal((entry.Kind, entry.LinkTarget, entry.Mode), (read.Kind, read.LinkTarget, read.Mode));
                    Assert.Equal((entry.User, entry.Group, entry.ModifiedAt), (read.User, read.Group, read.ModifiedAt));
                    Assert.Equal((entry.DeviceMajor, entry.DeviceMinor), (read.DeviceMajor, read.DeviceMinor));
                    Assert.Equal(
                        entry.Xattrs.Select(pair => (pair.Key, Convert.ToHexString(pair.Value))),
                        read.Xattrs.Select(pair => (pair.Key, Convert.ToHexString(pair.Value)))
                    );
                    Assert.Equal(isFile ? content : [], ReadAll(reader));
                }

                Assert.Null(reader.Next());
            });

    [Fact]
    public void The_bytes_of_an_archive_are_fixed()
    {
        // Raise BuildKey.Format together with this digest: every image gets another one.
        (TarEntry, byte[])[] entries =
        [
            (
                new TarEntry
                {
                    Name = "etc",
                    Kind = TarKind.Directory,
                    Mode = 0x1ED,
                    ModifiedAt = 1_700_000_000,
                },
                []
            ),
            (
                new TarEntry
                {
                    Name = "etc/motd",
                    Kind = TarKind.File,
                    Mode = 0x1A4,
                    ModifiedAt = 1_700_000_000,
                },
                "hello\n"u8.ToArray()
            ),
            (
                new TarEntry
                {
                    Name = "etc/link",
                    Kind = TarKind.Symlink,
                    Mode = 0x1FF,
                    LinkTarget = new string('x', 150),
                },
                []
            ),
            (
                new TarEntry
                {
                    Name = $"usr/{new string('d', 120)}/ü",
                    Kind = TarKind.File,
                    Mode = 0x9ED,
                    User = 1u << 22,
                },
                [1, 2, 3]
            ),
        ];

        Assert.Equal(GoldenDigest, Digest.Of(Write(entries)).Hex);
    }

    private const string GoldenDigest = "2816da6055898baa24348602cc7a1b865fb31facf08a6b66d527558cab38b07e";

    [Theory]
    [InlineData(false, 1000)]
    [InlineData(true, 0)]
    public void Every_truncation_is_noticed(bool isLink, int size)
    {
        var kind = isLink ? TarKind.Symlink : TarKind.File;
        var name = string.Concat(Enumerable.Repeat("long/", 60)) + "name";
        var archive = Write([
            (
                new TarEntry
                {
                    Name = name,
                    Kind = kind,
                    LinkTarget = kind == TarKind.Symlink ? name : "",
                },
                new byte[size]
            ),
        ]);
        var content = archive.Length - 2 * TarField.BlockSize;
        for (var length = 1; length < content; length += 37)
        {
            Assert.Throws<TarFormatException>(() => ReadEverything(archive[..length]));
        }
    }

    [Fact]
    public void Damaged_archives_give_a_format_error_or_entries_and_nothing_else()
    {
        var archive = Write([
            (
                new TarEntry
                {
                    Name = new string('n', 200),
                    Kind = TarKind.File,
                    Mode = 0x1A4,
                },
                new byte[700]
            ),
            (
                new TarEntry
                {
                    Name = "link",
                    Kind = TarKind.HardLink,
                    LinkTarget = new string('n', 200),
                },
                []
            ),
        ]);
        Gen.Select(Gen.Int[0, archive.Length - 1], Gen.Byte)
            .Array[1, 6]
            .Sample(
                changes =>
                {
                    var damaged = (byte[])archive.Clone();
                    foreach (var (place, value) in changes)
                    {
                        damaged[place] = value;
                    }

                    FixChecksums(damaged);
                    try
                    {
                        ReadEverything(damaged);
                    }
                    catch (TarFormatException) { }

                    return true;
                },
                iter: 5000
            );
    }

    [Theory]
    [InlineData("GNU.sparse.major", "1")]
    [InlineData("uid", "-1")]
    [InlineData("size", "99999999999999999999")]
    [InlineData("mtime", "soon")]
    public void Pax_records_that_cannot_be_honoured_are_refused(string key, string value)
    {
        var records = new List<byte>();
        PaxRecords.Append(records, key, System.Text.Encoding.UTF8.GetBytes(value));
        var archive = Write([
            (new TarEntry { Name = "header", Kind = TarKind.File }, [.. records]),
            (new TarEntry { Name = "file", Kind = TarKind.File }, []),
        ]);
        archive[156] = (byte)'x';
        FixChecksums(archive);

        Assert.Throws<TarFormatException>(() => ReadEverything(archive));
    }

    [Fact]
    public void Gnu_tar_reads_what_the_writer_writes_and_the_reader_what_gnu_tar_writes()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/tar"), "needs GNU tar");
        using var scratch = new TemporaryDirectory();
        var directory = scratch.Path;
        var name = string.Concat(Enumerable.Repeat("deep/", 50)) + "file";
        Directory.CreateDirectory(Path.Combine(directory, "in", Path.GetDirectoryName(name)!));
        File.WriteAllText(Path.Combine(directory, "in", name), "content");
        foreach (var format in new[] { "gnu", "pax", "ustar" })
        {
            if (format == "ustar" && name.Length > 255)
            {
                continue;
            }

            Run("tar", "-C", Path.Combine(directory, "in"), "--format=" + format, "-cf", Path.Combine(directory, format), "deep");
            var reader = new TarReader(new MemoryStream(File.ReadAllBytes(Path.Combine(directory, format))));
            var names = new List<string>();
            while (reader.Next() is { } entry)
            {
                names.Add(entry.Name);
                if (entry.Name == name)
                {
                    Assert.Equal("content"u8.ToArray(), ReadAll(reader));
                }
            }

            Assert.Contains(name, names);
        }

        File.WriteAllBytes(
            Path.Combine(directory, "own"),
            Write([
                (
                    new TarEntry
                    {
                        Name = name,
                        Kind = TarKind.File,
                        Mode = 0x1A4,
                        Size = 7,
                    },
                    "content"u8.ToArray()
                ),
            ])
        );
        Directory.CreateDirectory(Path.Combine(directory, "out"));
        Run("tar", "-C", Path.Combine(directory, "out"), "-xf", Path.Combine(directory, "own"));
        Assert.Equal("content", File.ReadAllText(Path.Combine(directory, "out", name)));
    }

    internal static byte[] Write(IEnumerable<(TarEntry Entry, byte[] Content)> entries)
    {
        var archive = new MemoryStream();
        var writer = new TarLayerWriter(archive);
        foreach (var (entry, content) in entries)
        {
            writer.Write(entry.Kind == TarKind.File ? entry with { Size = content.Length } : entry, new MemoryStream(content));
        }

        writer.Complete();
        return archive.ToArray();
    }

    private static void ReadEverything(byte[] archive)
    {
        var reader = new TarReader(new MemoryStream(archive));
        while (reader.Next() is not null)
        {
            ReadAll(reader);
        }
    }

    private static byte[] ReadAll(TarReader reader)
    {
        var content = new MemoryStream();
        var buffer = new byte[300];
        for (var read = reader.Read(buffer); read > 0; read = reader.Read(buffer))
        {
            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }

    /// <summary>Makes headers pass their checksum again, so that the damage reaches the code behind it.</summary>
    private static void FixChecksums(byte[] archive)
    {
        for (var offset = 0; offset + TarField.BlockSize <= archive.Length; offset += TarField.BlockSize)
        {
            var header = archive.AsSpan(offset, TarField.BlockSize);
            if (header[257..].StartsWith("ustar"u8))
            {
                System.Text.Encoding.ASCII.GetBytes(
                    Convert.ToString(TarField.Checksum(header), 8).PadLeft(6, '0') + "\0 ",
                    header.Slice(148, 8)
                );
            }
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>umoci's 'insert' writes such layers, and what Go's reader takes, docker and podman run.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void An_archive_may_end_with_the_content_of_its_last_file(int padding, bool isRead)
    {
        using var archive = new MemoryStream();
        new TarLayerWriter(archive).Write(
            new TarEntry
            {
                Name = "last",
                Kind = TarKind.File,
                Mode = 0x1A4,
                Size = 5,
            },
            new MemoryStream("whole"u8.ToArray())
        );
        using var cut = new MemoryStream(archive.ToArray()[..(512 + 5 + padding)]);
        var reader = new TarReader(cut);
        Assert.Equal("last", reader.Next()!.Name);
        if (isRead)
        {
            Assert.Null(reader.Next());
        }
        else
        {
            Assert.Throws<TarFormatException>(reader.Next);
        }
    }
}
