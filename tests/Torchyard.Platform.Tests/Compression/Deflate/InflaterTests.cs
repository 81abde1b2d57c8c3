using System.IO.Compression;
using CsCheck;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Compression.Deflate;

namespace Torchyard.Platform.Tests.Compression.Deflate;

/// <summary>The decoder against the framework's (zlib-ng), which is the reference here.</summary>
public sealed class InflaterTests
{
    [Fact]
    public void Whatever_zlib_packs_is_read_back()
    {
        // Runs, copies from near and far, and noise: literals, every kind of distance, stored blocks.
        var piece = Gen.OneOf(
            Gen.Byte.Array[0, 300],
            Gen.Select(Gen.Byte, Gen.Int[1, 2000], (value, count) => Enumerable.Repeat(value, count).ToArray()),
            Gen.Select(Gen.Byte.Array[1, 12], Gen.Int[1, 200], (pattern, count) =>
                Enumerable.Repeat(pattern, count).SelectMany(p => p).ToArray()
            ),
            Gen.Select(Gen.Int, Gen.Int[1, 70_000], (seed, count) => Noise(seed % 7, count))
        );
        Gen.Select(piece.Array[0, 12], Gen.Enum<ZLibCompressionStrategy>(), Gen.Int[1, 9])
            .Sample(
                (pieces, strategy, level) =>
                {
                    var content = pieces.SelectMany(p => p).ToArray();
                    return Decode(Pack(content, level, strategy)).AsSpan().SequenceEqual(content);
                },
                iter: 400
            );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(9)]
    public void Long_data_crosses_the_buffers_and_comes_in_pieces_of_any_size(int level)
    {
        var content = Mixed(3_000_000);
        var packed = Pack(content, level, ZLibCompressionStrategy.Default);
        using var stream = Decompression.Open(new Dribble(packed), CompressionFormat.Gzip);
        var read = new MemoryStream();
        var buffer = new byte[70_001];
        var sizes = new Random(level);
        int count;
        while ((count = stream.Read(buffer.AsSpan(0, sizes.Next(1, buffer.Length)))) > 0)
        {
            read.Write(buffer, 0, count);
        }

        Assert.Equal(content, read.ToArray());
    }

    [Fact]
    public void Damage_gives_an_error_or_what_zlib_gives()
    {
        // The checksum is not looked at: a decoder that goes wrong must not hide behind it.
        var packed = Pack(Mixed(6000), 6, ZLibCompressionStrategy.Default)[10..^8];
        Gen.Select(Gen.Int[0, packed.Length - 1], Gen.Byte[1, 255])
            .Array[1, 4]
            .Sample(
                changes =>
                {
                    var damaged = (byte[])packed.Clone();
                    foreach (var (place, change) in changes)
                    {
                        damaged[place] ^= change;
                    }

                    var (own, failed) = DecodeRaw(damaged);
                    var reference = Reference(damaged);
                    // zlib-ng gives what it had before the damage; how much that is depends on its buffers.
                    return failed ? true : reference is not null && reference.AsSpan().SequenceEqual(own);
                },
                iter: 5000
            );
    }

    [Fact]
    public void Noise_never_leads_anywhere() =>
        Gen
            .Byte.Array[0, 3000]
            .Sample(
                noise =>
                {
                    var (own, failed) = DecodeRaw(noise);
                    return failed || Reference(noise)!.AsSpan().SequenceEqual(own);
                },
                iter: 20_000
            );

    [Theory]
    // From zlib's infcover.c: what each of these breaks.
    [InlineData("00000000 00", "stored block")] // invalid stored block length
    [InlineData("06", "unknown kind")] // invalid block type
    [InlineData("FC0000", "too many codes")] // too many length or distance symbols
    [InlineData("0400FE FF", "incomplete")] // invalid code lengths set
    [InlineData("04002449 00", "nothing to repeat")] // invalid bit length repeat
    [InlineData("040024E9 FFFF", "cannot end|more code lengths|too early|damaged|incomplete")] // invalid code -- missing end-of-block
    [InlineData("020E0000 00", "distance|too early|not in use")] // distance too far back with the fixed codes
    public void Blocks_that_break_a_rule_are_refused(string hex, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() =>
            Decode([.. Header, .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), .. new byte[4096]])
        );
        Assert.Matches(reason, error.Message);
    }

    [Fact]
    public void A_member_may_have_a_name_and_a_comment_and_other_fields()
    {
        var plain = Pack("hello"u8.ToArray(), 6, ZLibCompressionStrategy.Default);
        byte[] named = [0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9, .. "name\0comment\0"u8, 1, 2, .. plain.AsSpan(10)];
        Assert.Equal("hello"u8.ToArray(), Decode(named));
        Assert.Equal("hellohello"u8.ToArray(), Decode([.. named, .. plain]));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void A_wrong_checksum_or_size_is_refused(int fromEnd)
    {
        var packed = Pack(Mixed(1000), 6, ZLibCompressionStrategy.Default);
        packed[^fromEnd] ^= 1;
        Assert.Contains("checksum and size", Assert.Throws<InvalidDataException>(() => Decode(packed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_two_ways_to_the_checksum_agree() =>
        Gen.Select(Gen.Byte.Array[0, 700], Gen.Int[0, 700])
            .Sample(
                (data, cut) =>
                {
                    var at = Math.Min(cut, data.Length);
                    var whole = Crc32.Append(0, data);
                    return whole == ~Crc32.AppendByTable(~0u, data)
                        && whole == Crc32.Append(Crc32.Append(0, data.AsSpan(0, at)), data.AsSpan(at));
                }
            );

    [Fact]
    public void The_checksum_is_the_standards() => Assert.Equal(0xCBF43926u, Crc32.Append(0, "123456789"u8));

    private static readonly byte[] Header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

    private static byte[] Mixed(int size)
    {
        var random = new Random(size);
        var content = new List<byte>(size);
        while (content.Count < size)
        {
            switch (random.Next(4))
            {
                case 0:
                    content.AddRange(Noise(random.Next(), random.Next(400)));
                    break;
                case 1:
                    content.AddRange(Enumerable.Repeat((byte)random.Next(256), random.Next(600)));
                    break;
                case 2 when content.Count > 0:
                    var from = Math.Max(0, content.Count - random.Next(1, 40_000));
                    content.AddRange(content.GetRange(from, Math.Min(random.Next(3, 300), content.Count - from)));
                    break;
                default:
                    content.AddRange(System.Text.Encoding.ASCII.GetBytes($"word {random.Next(50)} "));
                    break;
            }
        }

        return [.. content.Take(size)];
    }

    private static byte[] Noise(int seed, int count)
    {
        var noise = new byte[count];
        new Random(seed).NextBytes(noise);
        return noise;
    }

    private static byte[] Pack(byte[] content, int level, ZLibCompressionStrategy strategy)
    {
        using var packed = new MemoryStream();
        using (
            var gzip = new GZipStream(
                packed,
                new ZLibCompressionOptions { CompressionLevel = level, CompressionStrategy = strategy },
                leaveOpen: true
            )
        )
        {
            gzip.Write(content);
        }

        // An empty stream of the framework has no member at all.
        return content.Length > 0 ? packed.ToArray() : [.. Header, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Decode(byte[] packed)
    {
        using var stream = Decompression.Open(new MemoryStream(packed), CompressionFormat.Gzip);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>Decodes raw deflate data, with a trailer that fits whatever it gives.</summary>
    private static (byte[] Content, bool Failed) DecodeRaw(byte[] raw)
    {
        var inflater = Inflater.Rent();
        var input = new byte[raw.Length + Inflater.InputReserve];
        raw.CopyTo(input, 0);
        var output = new byte[200_000 + Inflater.OutputReserve];
        var start = 0;
        var end = 0;
        try
        {
            var status = inflater.Decode(
                input,
                ref start,
                raw.Length,
                last: true,
                output,
                0,
                ref end,
                output.Length - Inflater.OutputReserve
            );
            return (output[..end], status != InflateStatus.Ended);
        }
        catch (InvalidDataException)
        {
            return (output[..end], true);
        }
        finally
        {
            Inflater.Return(inflater);
        }
    }

    private static byte[]? Reference(byte[] raw)
    {
        try
        {
            using var stream = new DeflateStream(new MemoryStream(raw), CompressionMode.Decompress);
            using var content = new MemoryStream();
            stream.CopyTo(content);
            return content.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Gives its bytes in pieces of odd sizes.</summary>
    private sealed class Dribble(byte[] data) : MemoryStream(data)
    {
        private int _next = 1;

        public override int Read(byte[] buffer, int offset, int count)
        {
            _next = (_next * 7 + 3) % 1999 + 1;
            return base.Read(buffer, offset, Math.Min(count, _next));
        }
    }
}
