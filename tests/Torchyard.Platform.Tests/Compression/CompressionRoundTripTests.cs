using CsCheck;
using Torchyard.Platform.Compression;

namespace Torchyard.Platform.Tests.Compression;

public sealed class CompressionRoundTripTests
{
    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    public void What_was_written_is_read_back(CompressionFormat format) =>
        Gen.Byte.Array[0, 5000].Array[0, 4].Sample(
            writes =>
            {
                var packed = Samples.Compress(format, 3, 2, writes);
                return Samples.Decompress(format, packed).AsSpan().SequenceEqual(writes.SelectMany(part => part).ToArray());
            },
            iter: 200);

    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    public void Several_blocks_give_the_same_bytes_whatever_the_cores_and_the_writes(CompressionFormat format)
    {
        var data = Samples.Text(FrameCompressionStream.BlockSize * 2 + 12345);
        var atOnce = Samples.Compress(format, 3, 1, data);
        var inPieces = Samples.Compress(format, 3, 7, data.Chunk(700_001).ToArray());

        Assert.Equal(Digest.Of(atOnce), Digest.Of(inPieces));
        Assert.Equal(data, Samples.Decompress(format, inPieces));
        Assert.True(atOnce.Length < data.Length * 6 / 10);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_time_for_compressing_is_counted_and_so_is_the_writer_s_own_part(int blocksInFlight)
    {
        using var stream = new FrameCompressionStream(new MemoryStream(), CompressionFormat.Zstd, 3, blocksInFlight);
        stream.Write(Samples.Text(FrameCompressionStream.BlockSize * 2));
        stream.Complete();

        Assert.InRange(stream.CompressionTime, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Assert.InRange(stream.OwnCompressionTime, blocksInFlight == 1 ? stream.CompressionTime : TimeSpan.Zero, stream.CompressionTime);
    }

    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    public void Empty_input_is_a_valid_stream(CompressionFormat format)
    {
        var packed = Samples.Compress(format, 3, 2);

        Assert.NotEmpty(packed);
        Assert.Empty(Samples.Decompress(format, packed));
    }

    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Xz)]
    public void Concatenated_streams_are_read_as_one(CompressionFormat format)
    {
        var one = Samples.Packed(format);

        Assert.Equal([.. Samples.Content, .. Samples.Content], Samples.Decompress(format, [.. one, .. one]));
    }

    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Xz)]
    public void Every_truncation_is_noticed(CompressionFormat format)
    {
        var whole = Samples.Packed(format);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Samples.Decompress(format, whole[..length]));
        }
    }

    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    [InlineData(CompressionFormat.Xz)]
    public void Damaged_data_gives_an_error_or_the_right_bytes_and_nothing_else(CompressionFormat format)
    {
        var whole = Samples.Packed(format);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte[1, 255]).Sample(
            (place, change) =>
            {
                var damaged = (byte[])whole.Clone();
                damaged[place] ^= change;
                try
                {
                    return Samples.Decompress(format, damaged).AsSpan().SequenceEqual(Samples.Content);
                }
                catch (InvalidDataException)
                {
                    return true;
                }
            },
            iter: 500);
    }

    [Theory]
    [InlineData(CompressionFormat.Xz)]
    [InlineData(CompressionFormat.Zstd)]
    public void A_decoder_does_not_take_more_memory_than_allowed(CompressionFormat format)
    {
        // The zstd frame says window size 128 MiB (RFC 8878, 3.1.1.1.2); the .xz was made with an 8 MiB dictionary.
        var packed = format == CompressionFormat.Xz
            ? Samples.Packed(format)
            : Convert.FromHexString("28B52FFD00" + "88" + "010000");

        var error = Assert.Throws<InvalidDataException>(() => Samples.Decompress(format, packed, memoryLimit: 1 << 20));

        Assert.Contains(format == CompressionFormat.Xz ? "more memory" : "too much memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_behind_the_last_gzip_member_are_an_error() =>
        Assert.Throws<InvalidDataException>(() => Samples.Decompress(CompressionFormat.Gzip, [.. Samples.Packed(CompressionFormat.Gzip), 1, 2, 3]));

    [Fact]
    public void Reading_byte_by_byte_gives_the_same()
    {
        using var stream = Decompression.Open(new MemoryStream(Samples.Packed(CompressionFormat.Xz)), CompressionFormat.Xz);
        var read = new List<byte>();
        for (var value = stream.ReadByte(); value >= 0; value = stream.ReadByte())
        {
            read.Add((byte)value);
        }

        Assert.Equal(Samples.Content, read);
    }

    [Fact]
    public void Versions_name_the_compressor()
    {
        Assert.Matches(@"^libzstd \d+\.\d+\.\d+$", CompressorVersion.Of(CompressionFormat.Zstd));
        Assert.Matches(@"^liblzma \d+\.\d+\.\d+", CompressorVersion.Of(CompressionFormat.Xz));
        Assert.Matches(@"^\.NET 1\d", CompressorVersion.Of(CompressionFormat.Gzip));
    }
}
