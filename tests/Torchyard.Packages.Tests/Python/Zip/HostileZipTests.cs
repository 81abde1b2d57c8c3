using System.Buffers.Binary;
using Torchyard.Packages.Python.Zip;

namespace Torchyard.Packages.Tests.Python.Zip;

public sealed class HostileZipTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7 >> 3))];

    [Fact]
    public void An_archive_that_tells_no_lie_is_read()
    {
        using var zip = Open(RawZip.Build(new RawEntry("a/b", Content), new RawEntry("a/c", Content) { Method = 0 }));
        Assert.All(zip.Entries, entry => Assert.Equal(Content, Read(zip, entry)));
    }

    [Theory]
    [InlineData(1, "is encrypted")]
    [InlineData(0x2000, "is encrypted")]
    [InlineData(0x40, "is encrypted")]
    public void Encrypted_members_are_refused(int flags, string reason) =>
        Assert.Contains(reason, Refusal(RawZip.Build(new RawEntry("a", Content) { Flags = (ushort)flags })), StringComparison.Ordinal);

    [Theory]
    [InlineData(9)] // deflate64
    [InlineData(12)] // bzip2
    [InlineData(14)] // LZMA
    [InlineData(93)] // zstd
    [InlineData(99)] // AES
    public void Other_methods_are_refused_by_number(int method) =>
        Assert.Contains(
            $"'a' uses compression method {method}",
            Refusal(RawZip.Build(new RawEntry("a", Content) { Method = (ushort)method })),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(0xA1FF, "is a symbolic link")]
    [InlineData(0x61FF, "is neither a plain file nor a directory")] // block device
    [InlineData(0x11FF, "is neither a plain file nor a directory")] // FIFO
    [InlineData(0x41ED, "is neither a plain file nor a directory")] // a directory with the name of a file
    public void Only_plain_files_are_let_in(int mode, string reason) =>
        Assert.Contains(reason, Refusal(RawZip.Build(new RawEntry("a", Content) { UnixMode = (ushort)mode })), StringComparison.Ordinal);

    [Fact]
    public void Local_headers_that_say_something_else_are_refused()
    {
        Assert.Contains(
            "disagree about 'a'",
            ReadFailure(RawZip.Build(new RawEntry("a", Content) { LocalName = "b" })),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "disagree about 'a'",
            ReadFailure(RawZip.Build(new RawEntry("a", Content) { LocalMethod = 0 })),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "runs into what follows it",
            ReadFailure(RawZip.Build(new RawEntry("a", Content) { LocalExtraLength = 400 }, new RawEntry("b", Content))),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(4999)]
    [InlineData(5001)]
    [InlineData(1)]
    [InlineData(0)]
    public void A_size_that_is_not_the_true_one_is_refused(int size)
    {
        Assert.NotNull(ReadFailure(RawZip.Build(new RawEntry("a", Content) { Size = (uint)size })));
        Assert.NotNull(
            ReadFailure(
                RawZip.Build(
                    new RawEntry("a", Content)
                    {
                        Size = (uint)size,
                        CompressedSize = (uint)size,
                        Method = 0,
                    }
                )
            )
        );
    }

    [Fact]
    public void A_compressed_size_or_checksum_that_is_not_the_true_one_is_refused()
    {
        var size = (uint)RawZip.Deflate(Content).Length;
        Assert.NotNull(ReadFailure(RawZip.Build(new RawEntry("a", Content) { CompressedSize = size - 1 })));
        Assert.NotNull(ReadFailure(RawZip.Build(new RawEntry("a", Content) { CompressedSize = size + 1, After = new byte[1] })));
        Assert.NotNull(ReadFailure(RawZip.Build(new RawEntry("a", Content) { Crc = 1 })));
        Assert.NotNull(ReadFailure(RawZip.Build(new RawEntry("a", Content) { Crc = 1, Method = 0 })));
    }

    [Fact]
    public void A_data_descriptor_that_lies_changes_nothing()
    {
        // The directory counts, and the content is held to it.
        var descriptor = RawZip.Fields((4, 0x08074b50), (4, 0xDEADBEEF), (4, 1), (4, 0xFFFFFFF0));
        using var zip = Open(RawZip.Build(new RawEntry("a", Content) { Flags = 8, After = descriptor }));
        Assert.Equal(Content, Read(zip, zip.Entries[0]));
    }

    [Fact]
    public void Bytes_in_front_of_or_behind_the_archive_are_refused()
    {
        var archive = RawZip.Build(new RawEntry("a", Content));
        Assert.Contains(
            "not where its end record says",
            Refusal(RawZip.Build([1, 2, 3], [], new RawEntry("a", Content))),
            StringComparison.Ordinal
        );
        Assert.NotNull(Refusal([.. archive, 0]));
    }

    [Fact]
    public void An_archive_in_the_comment_of_another_is_refused()
    {
        var inner = RawZip.Build(new RawEntry("evil", Content));
        Assert.Contains("two end records", Refusal(RawZip.Build([], inner, new RawEntry("good", Content))), StringComparison.Ordinal);
        // An end record inside the comment that does not reach the end is what other readers may stop at.
        Assert.Contains(
            "two end records",
            Refusal(RawZip.Build([], [.. RawZip.End(0, 0, 0, []), 1], new RawEntry("good", Content))),
            StringComparison.Ordinal
        );
        using var zip = Open(RawZip.Build([], "a comment"u8.ToArray(), new RawEntry("good", Content)));
        Assert.Single(zip.Entries);
    }

    [Fact]
    public void Counts_and_sizes_of_the_end_record_that_cannot_be_are_refused()
    {
        var archive = RawZip.Build(new RawEntry("a", Content));
        var end = archive.Length - 22;
        byte[] With(int at, ushort value)
        {
            var changed = (byte[])archive.Clone();
            BinaryPrimitives.WriteUInt16LittleEndian(changed.AsSpan(end + at), value);
            return changed;
        }

        Assert.Contains("cannot hold", Refusal(With(10, 60_000)), StringComparison.Ordinal);
        Assert.NotNull(Refusal(With(10, 0)));
        Assert.NotNull(Refusal(With(12, 46)));
        Assert.NotNull(Refusal(With(16, 0)));
        Assert.Contains("several disks", Refusal(With(4, 1)), StringComparison.Ordinal);
        Assert.Contains("zip64 end record is missing", Refusal(With(10, 0xFFFF)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 100, 0)]
    [InlineData(long.MinValue, 100, 0)]
    [InlineData(5000, -5, 0)]
    [InlineData(5000, 100, -1)]
    [InlineData(5000, 100, long.MaxValue)]
    [InlineData(5000, long.MaxValue, 0)]
    [InlineData(long.MaxValue, long.MaxValue, 0)]
    public void Zip64_values_that_cannot_be_are_refused(long size, long compressed, long offset)
    {
        var archive = RawZip.Build(
            new RawEntry("a", Content)
            {
                Size = uint.MaxValue,
                CompressedSize = uint.MaxValue,
                CentralExtra = RawZip.Zip64Extra(size, compressed, offset),
            }
        );
        var central = (int)BinaryPrimitives.ReadUInt32LittleEndian(archive.AsSpan(archive.Length - 6));
        BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(central + 42), uint.MaxValue);
        Assert.NotNull(Refusal(archive));
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(400_000)]
    [InlineData(long.MaxValue)]
    public void A_zip64_count_that_is_not_true_is_refused(long count)
    {
        var plain = RawZip.Build(new RawEntry("a", Content));
        var end = plain.Length - 22;
        long size = BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(end + 12));
        long offset = BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(end + 16));
        var record = new byte[56 + 20];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(4), 44);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(24), count);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(32), count);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(40), size);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(48), offset);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(56), 0x07064b50);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(64), end);
        Assert.NotNull(Refusal([.. plain.AsSpan(0, end), .. record, .. RawZip.End(0xFFFF, uint.MaxValue, uint.MaxValue, [])]));
    }

    [Fact]
    public void A_bomb_is_refused_by_what_its_directory_says()
    {
        // Deflate's best: a thousandfold. Many of them are more than a wheel ever is.
        var zeros = new byte[1 << 20];
        var archive = RawZip.Build([.. Enumerable.Range(0, 8).Select(i => new RawEntry($"z{i}", zeros))]);
        var limits = new ZipLimits { FreeSize = 4 << 20 };
        Assert.Contains(
            "zip bomb",
            Assert.Throws<InvalidDataException>(() => ZipReader.Open(new MemoryZipSource(archive), limits)).Message,
            StringComparison.Ordinal
        );
        ZipReader.Open(new MemoryZipSource(archive), limits with { FreeSize = 8 << 20 }).Dispose();
    }

    [Theory]
    [InlineData("C:/x\\y")]
    [InlineData("\\\\host\\share")]
    [InlineData("a/./b")]
    [InlineData("a/..")]
    [InlineData("..")]
    [InlineData("/")]
    [InlineData("//a")]
    [InlineData("a\0b")]
    [InlineData("a\u007f")]
    public void More_names_that_lead_out_or_hide_are_refused(string name) =>
        Assert.Contains(
            "not a path inside the archive",
            Refusal(RawZip.Build(new RawEntry(name, []) { Method = 0 })),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_name_that_no_file_system_can_hold_is_refused()
    {
        Assert.NotNull(Refusal(RawZip.Build(new RawEntry(new string('x', 256), Content))));
        Assert.NotNull(Refusal(RawZip.Build(new RawEntry(string.Concat(Enumerable.Repeat("d/", 600)) + "x", Content))));
        using var zip = Open(RawZip.Build(new RawEntry(new string('x', 255), Content)));
        Assert.Single(zip.Entries);
    }

    [Fact]
    public void A_directory_with_content_is_refused() =>
        Assert.Contains(
            "the directory 'a/' has content",
            Refusal(RawZip.Build(new RawEntry("a/", Content) { UnixMode = 0x41ED })),
            StringComparison.Ordinal
        );

    private static ZipReader Open(byte[] archive) => ZipReader.Open(new MemoryZipSource(archive));

    private static string Refusal(byte[] archive) => Assert.Throws<InvalidDataException>(() => Open(archive)).Message;

    private static string ReadFailure(byte[] archive) =>
        Assert
            .Throws<InvalidDataException>(() =>
            {
                using var zip = Open(archive);
                foreach (var entry in zip.Entries)
                {
                    Read(zip, entry);
                }
            })
            .Message;

    private static byte[] Read(ZipReader zip, ZipEntry entry)
    {
        using var stream = zip.Open(entry);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
