using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;
using Torchyard.Packages.Python.Zip;

namespace Torchyard.Packages.Tests.Python.Zip;

public sealed class ZipReaderTests
{
    [Fact]
    public void Whatever_the_framework_writes_is_read_back()
    {
        var file = Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 12], Gen.Byte.Array[0, 5000], Gen.Enum<CompressionLevel>());
        file.List[0, 20]
            .Sample(
                files =>
                {
                    var expected = files.DistinctBy(f => f.Item1).ToList();
                    using var zip = ZipReader.Open(new MemoryZipSource(Pack(expected.Select(f => ($"d/{f.Item1}", f.Item2, f.Item3)))));
                    Assert.Equal(expected.Select(f => $"d/{f.Item1}"), zip.Entries.Select(e => e.Name));
                    foreach (var (entry, source) in zip.Entries.Zip(expected))
                    {
                        Assert.Equal(source.Item2, ReadAll(zip, entry));
                    }
                },
                iter: 100
            );
    }

    [Fact]
    public void A_flipped_bit_is_noticed_or_harmless()
    {
        var content = Enumerable.Range(0, 3000).Select(i => (byte)(i * i >> 3)).ToArray();
        var archive = Pack([("a/b.bin", content, CompressionLevel.Optimal), ("a/c.bin", content, CompressionLevel.NoCompression)]);
        Gen.Int[0, archive.Length * 8 - 1]
            .Sample(
                bit =>
                {
                    var damaged = (byte[])archive.Clone();
                    damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                    try
                    {
                        using var zip = ZipReader.Open(new MemoryZipSource(damaged));
                        foreach (var entry in zip.Entries)
                        {
                            Assert.Equal(content, ReadAll(zip, entry));
                        }
                    }
                    catch (InvalidDataException)
                    {
                        // Noticed.
                    }
                },
                iter: 3000
            );
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var archive = Pack([("a", new byte[100], CompressionLevel.Optimal)]);
        for (var length = 0; length < archive.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => ZipReader.Open(new MemoryZipSource(archive[..length])));
        }
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../out")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a\\..\\b")]
    [InlineData("a\nb")]
    public void Paths_that_lead_out_or_hide_are_refused(string name)
    {
        var error = Assert.Throws<InvalidDataException>(() =>
            ZipReader.Open(new MemoryZipSource(Pack([(name, [1], CompressionLevel.Optimal)])))
        );
        Assert.Contains("not a path inside the archive", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_twice_is_refused()
    {
        var archive = Pack([("a/b", [1], CompressionLevel.Optimal), ("a/b", [2], CompressionLevel.Optimal)]);
        Assert.Contains("twice", Refusal(archive), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_also_a_directory_is_refused()
    {
        var archive = Pack([("a/b", [1], CompressionLevel.Optimal), ("a", [2], CompressionLevel.Optimal)]);
        Assert.Contains("both a file and a directory", Refusal(archive), StringComparison.Ordinal);
    }

    [Fact]
    public void A_symbolic_link_is_refused()
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            var entry = zip.CreateEntry("link");
            entry.ExternalAttributes = unchecked((int)0xA1FF0000);
            using var stream = entry.Open();
            stream.Write("/etc/passwd"u8);
        }

        Assert.Contains("symbolic link", Refusal(buffer.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Entries_that_share_their_bytes_are_refused()
    {
        var archive = Pack([("aaa", new byte[4000], CompressionLevel.Optimal), ("bbb", new byte[4000], CompressionLevel.Optimal)]);
        // The second directory entry is pointed at the first one's data: how overlapping zip bombs are made.
        var directory = FindDirectory(archive);
        var second = directory + 46 + 3;
        BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(second + 42), 0);
        Assert.Contains("overlaps", Refusal(archive), StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_deflate_cannot_reach_is_refused()
    {
        var archive = Pack([("a", new byte[4000], CompressionLevel.Optimal)]);
        BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(FindDirectory(archive) + 24), 0x7FFFFFFF);
        Assert.Contains("cannot be true", Refusal(archive), StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_hold()
    {
        var archive = Pack([("a", new byte[4000], CompressionLevel.Optimal), ("b", new byte[4000], CompressionLevel.Optimal)]);
        Assert.Throws<InvalidDataException>(() => ZipReader.Open(new MemoryZipSource(archive), new ZipLimits { TotalSize = 7999 }));
        Assert.Throws<InvalidDataException>(() => ZipReader.Open(new MemoryZipSource(archive), new ZipLimits { Entries = 1 }));
        ZipReader.Open(new MemoryZipSource(archive), new ZipLimits { TotalSize = 8000, Entries = 2 }).Dispose();
    }

    [Fact]
    public void Zip64_is_read()
    {
        // A sparse file: one stored entry beyond 4 GiB, written with zip64 records, whose content is a hole.
        using var directory = new TemporaryDirectory();
        var path = directory.File("large.zip");
        const long Size = (4L << 30) + 7;
        WriteSparseZip64(path, Size);
        using var zip = ZipReader.Open(new ZipFileSource(path));
        var entry = Assert.Single(zip.Entries);
        Assert.Equal(Size, entry.Size);
        using var raw = zip.OpenRaw(entry);
        Assert.Equal(0, raw.ReadByte());
    }

    [Fact]
    public void A_deflated_entry_is_a_gzip_member()
    {
        var content = Enumerable.Range(0, 100_000).Select(i => (byte)(i % 251)).ToArray();
        using var zip = ZipReader.Open(new MemoryZipSource(Pack([("a", content, CompressionLevel.Optimal)])));
        using var decoded = new MemoryStream();
        using (var gzip = new GZipStream(new GzipMemberStream(zip.Entries[0], zip.OpenRaw(zip.Entries[0])), CompressionMode.Decompress))
        {
            gzip.CopyTo(decoded);
        }

        Assert.Equal(content, decoded.ToArray());
    }

    private static void WriteSparseZip64(string path, long size)
    {
        using var file = File.Create(path);
        var name = "big"u8;
        Span<byte> local = stackalloc byte[30 + 3];
        local.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(local, 0x04034b50);
        BinaryPrimitives.WriteUInt32LittleEndian(local[18..], uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(local[22..], uint.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(local[26..], 3);
        name.CopyTo(local[30..]);
        file.Write(local);
        file.Seek(size, SeekOrigin.Current);
        var directory = file.Position;
        Span<byte> entry = stackalloc byte[46 + 3 + 20];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014b50);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[20..], uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], uint.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[28..], 3);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[30..], 20);
        name.CopyTo(entry[46..]);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[49..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[51..], 16);
        BinaryPrimitives.WriteInt64LittleEndian(entry[53..], size);
        BinaryPrimitives.WriteInt64LittleEndian(entry[61..], size);
        file.Write(entry);
        var end = file.Position;
        Span<byte> tail = stackalloc byte[56 + 20 + 22];
        tail.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(tail, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(tail[4..], 44);
        BinaryPrimitives.WriteInt64LittleEndian(tail[24..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(tail[32..], 1);
        BinaryPrimitives.WriteInt64LittleEndian(tail[40..], end - directory);
        BinaryPrimitives.WriteInt64LittleEndian(tail[48..], directory);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[56..], 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(tail[64..], end);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[72..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[76..], 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(tail[84..], ushort.MaxValue);
        BinaryPrimitives.WriteUInt16LittleEndian(tail[86..], ushort.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[88..], uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(tail[92..], uint.MaxValue);
        file.Write(tail);
    }

    private static int FindDirectory(byte[] archive) =>
        (int)BinaryPrimitives.ReadUInt32LittleEndian(archive.AsSpan(archive.Length - 22 + 16));

    private static string Refusal(byte[] archive) =>
        Assert.Throws<InvalidDataException>(() => ZipReader.Open(new MemoryZipSource(archive))).Message;

    private static byte[] ReadAll(ZipReader zip, ZipEntry entry)
    {
        using var stream = zip.Open(entry);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    private static byte[] Pack(IEnumerable<(string Name, byte[] Content, CompressionLevel Level)> files)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, level) in files)
            {
                using var stream = zip.CreateEntry(name, level).Open();
                stream.Write(content);
            }
        }

        return buffer.ToArray();
    }
}
