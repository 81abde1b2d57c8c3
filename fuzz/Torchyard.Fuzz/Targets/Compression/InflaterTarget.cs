using System.IO.Compression;
using Torchyard.Platform.Compression.Deflate;

namespace Torchyard.Fuzz.Targets.Compression;

/// <summary>Our own inflate, compared with zlib.</summary>
internal sealed class InflaterTarget : FuzzTarget
{
    private const int MostOutput = 1 << 20;
    private const byte Guard = 0xA5;

    public override string Name => "inflate";

    public override string Input => "raw deflate streams: files in wheels, inside gzip";

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override IEnumerable<byte[]> Seeds()
    {
        byte[][] contents =
        [
            [],
            Bytes.Of("one line of text, one line of text\n"),
            [.. Enumerable.Range(0, 3000).Select(value => (byte)(value * value / 7))],
            new byte[2000],
        ];
        foreach (var content in contents)
        {
            foreach (var level in new[] { CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.SmallestSize })
            {
                yield return Bytes.Deflate(content, level);
            }
        }
    }

    public override object? Parse(byte[] input)
    {
        var expected = Zlib(input);
        byte[]? decoded = null;
        Exception? refusal = null;
        try
        {
            decoded = Decode(input);
        }
        catch (InvalidDataException failure)
        {
            refusal = failure;
        }

        if (expected is not null)
        {
            Require(decoded is not null, $"zlib decodes the stream, and Inflater refuses it: {refusal?.Message}");
            Require(decoded.AsSpan().SequenceEqual(expected), "zlib and Inflater decode the stream to different bytes");
        }
        else
        {
            Require(decoded is null, "Inflater decodes a stream that zlib refuses");
        }

        return decoded ?? throw refusal!;
    }

    private static byte[] Decode(byte[] input)
    {
        // The buffers are exactly as large as documented, with a pattern behind them: what writes too far is seen.
        var source = new byte[input.Length + Inflater.InputReserve];
        input.CopyTo(source, 0);
        var output = new byte[MostOutput + Inflater.OutputReserve + 64];
        output.AsSpan(MostOutput + Inflater.OutputReserve).Fill(Guard);
        var inflater = Inflater.Rent();
        try
        {
            int start = 0,
                end = 0;
            var status = inflater.Decode(source, ref start, input.Length, last: true, output, 0, ref end, MostOutput);
            Require(
                !output.AsSpan(MostOutput + Inflater.OutputReserve).ContainsAnyExcept(Guard),
                "Inflater writes behind the output's reserve"
            );
            Require(
                start >= 0 && start <= input.Length && end >= 0 && end <= MostOutput + Inflater.OutputReserve,
                "Inflater leaves its buffers"
            );
            return status == InflateStatus.Ended ? output[..end] : throw new InvalidDataException("unfinished");
        }
        finally
        {
            Inflater.Return(inflater);
        }
    }

    // Null for what zlib refuses, does not finish or finds too long. DeflateStream does not tell whether the last block has ended: if it
    // has, nothing that follows changes the output. What follows is longer than any head of a block.
    private static byte[]? Zlib(byte[] input)
    {
        var output = Inflate(input);
        return
            output is not null
            && Same(output, Inflate([.. input, .. new byte[2048]]))
            && Same(output, Inflate([.. input, .. Enumerable.Repeat((byte)0xFF, 2048)]))
            ? output
            : null;
    }

    private static bool Same(byte[] output, byte[]? other) => other is not null && output.AsSpan().SequenceEqual(other);

    private static byte[]? Inflate(byte[] input)
    {
        using var decoder = new DeflateStream(new MemoryStream(input), CompressionMode.Decompress);
        using var output = new MemoryStream();
        var buffer = new byte[64 * 1024];
        try
        {
            int read;
            while ((read = decoder.Read(buffer)) > 0)
            {
                output.Write(buffer, 0, read);
                if (output.Length > MostOutput)
                {
                    return null;
                }
            }

            return output.ToArray();
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
