using CsCheck;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;

namespace Torchyard.Platform.Tests.Compression;

public sealed class CompressionRoundTripTests
{
    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    public void What_was_written_is_read_back(CompressionFormat format) =>
        Gen
            .Byte.Array[0, 5000]
            .Array[0, 4]
            .Sample(
                writes =>
                {
                    var packed = Samples.Compress(format, 3, 2, writes);
                    return Samples.Decompress(format, packed).AsSpan().SequenceEqual(writes.SelectMany(part => part).ToArray());
                },
                iter: 200
            );

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
    [InlineData(1, 1)]
    [InlineData(FrameCompressionStream.BlockSize * 2, 1)]
    [InlineData(FrameCompressionStream.BlockSize * 2, 4)]
    public void The_time_for_compressing_is_counted_where_it_was_spent(int length, int blocksInFlight)
    {
        using var stream = new FrameCompressionStream(new MemoryStream(), CompressionFormat.Zstd, 3, blocksInFlight);
        stream.Write(Samples.Text(length));
        stream.Complete();

        var oneBlock = length < FrameCompressionStream.BlockSize;
        Assert.InRange(stream.CompressionTime, oneBlock ? TimeSpan.FromTicks(1) : TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Assert.Equal(oneBlock ? stream.CompressionTime : TimeSpan.Zero, stream.OwnCompressionTime);
        Assert.Equal(!oneBlock, stream.WritingTime > TimeSpan.Zero);
        Assert.True(stream.WritingTime < TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData(CompressionFormat.Zstd)]
    [InlineData(CompressionFormat.Gzip)]
    public void Finished_frames_stand_where_they_were_put(CompressionFormat format)
    {
        var large = Samples.Text(FrameCompressionStream.BlockSize + 5);
        var packed = new MemoryStream();
        using (var stream = new FrameCompressionStream(packed, format, 3, 2, leaveOpen: true))
        {
            stream.Splice(new MemoryStream(Samples.Packed(format)));
            stream.Write([1, 2, 3]);
            stream.Splice(new MemoryStream(Samples.Compress(format, 1, 1, large)));
            stream.Splice(new MemoryStream(Samples.Packed(format)));
            stream.Write(large);
            stream.Complete();
        }

        Assert.Equal([.. Samples.Content, 1, 2, 3, .. large, .. Samples.Content, .. large], Samples.Decompress(format, packed.ToArray()));
    }

    [Fact]
    public void Frames_alone_get_nothing_added()
    {
        var packed = new MemoryStream();
        using (var stream = new FrameCompressionStream(packed, CompressionFormat.Gzip, 3, leaveOpen: true))
        {
            stream.Splice(new MemoryStream(Samples.Packed(CompressionFormat.Gzip)));
            stream.Complete();
        }

        Assert.Equal(Samples.Packed(CompressionFormat.Gzip), packed.ToArray());
    }

    [Fact]
    public void What_fails_in_the_sink_or_in_frames_fails_for_the_writer_and_frames_are_closed()
    {
        using var stream = new FrameCompressionStream(new FullSink(), CompressionFormat.Zstd, 3, 2);
        var text = Samples.Text(FrameCompressionStream.BlockSize);
        var frames = new MemoryStream([1]);

        // Not later than when all is written; a disk that is full is told while there is more to come.
        Assert.Equal(
            "full",
            Assert
                .Throws<IOException>(() =>
                {
                    for (var block = 0; block < 100; block++)
                    {
                        stream.Write(text);
                    }

                    stream.Complete();
                })
                .Message
        );
        stream.Dispose();

        using var other = new FrameCompressionStream(new MemoryStream(), CompressionFormat.Gzip, 3, 2);
        other.Splice(frames);
        var closed = new MemoryStream();
        closed.Dispose();
        other.Splice(closed);
        Assert.Throws<ObjectDisposedException>(other.Complete);
        Assert.False(frames.CanRead);
    }

    [Fact]
    public void Giving_up_in_the_middle_of_endless_frames_ends_them()
    {
        var stream = new FrameCompressionStream(new MemoryStream(), CompressionFormat.Gzip, 3, 2);
        var endless = new Endless();
        stream.Splice(endless);
        stream.Dispose();
        Assert.True(endless.IsDisposed);
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
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte[1, 255])
            .Sample(
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
                iter: 500
            );
    }

    [Theory]
    [InlineData(CompressionFormat.Xz)]
    [InlineData(CompressionFormat.Zstd)]
    public void A_decoder_does_not_take_more_memory_than_allowed(CompressionFormat format)
    {
        // The zstd frame says window size 128 MiB (RFC 8878, 3.1.1.1.2); the .xz was made with an 8 MiB dictionary.
        var packed = format == CompressionFormat.Xz ? Samples.Packed(format) : Convert.FromHexString("28B52FFD00" + "88" + "010000");

        var error = Assert.Throws<InvalidDataException>(() => Samples.Decompress(format, packed, memoryLimit: 1 << 20));

        Assert.Contains(format == CompressionFormat.Xz ? "more memory" : "too much memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_behind_the_last_gzip_member_are_an_error() =>
        Assert.Throws<InvalidDataException>(() =>
            Samples.Decompress(CompressionFormat.Gzip, [.. Samples.Packed(CompressionFormat.Gzip), 1, 2, 3])
        );

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

    private sealed class FullSink : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("full");
    }

    private sealed class Endless : MemoryStream
    {
        public bool IsDisposed { get; private set; }

        public override int Read(Span<byte> buffer) => 1;

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
