using Torchyard.Platform.Compression;

namespace Torchyard.Fuzz.Targets.Compression;

internal sealed class GzipTarget() : DecoderTarget(CompressionFormat.Gzip)
{
    public override string Name => "gzip";

    public override string Input => "gzip streams: layers and packages of others, indexes of archives";

    public override IEnumerable<byte[]> Seeds()
    {
        foreach (var content in Contents())
        {
            yield return Bytes.Gzip(content);
        }

        yield return [.. Bytes.Gzip(Bytes.Of("one")), .. Bytes.Gzip(Bytes.Of("two"))];
        // All header fields: extra, name, comment, header checksum.
        yield return [0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2, (byte)'n', 0, (byte)'c', 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }
}
