using Torchyard.Platform.Compression;

namespace Torchyard.Fuzz.Targets.Compression;

internal sealed class ZstdTarget() : DecoderTarget(CompressionFormat.Zstd)
{
    public override string Name => "zstd";

    public override string Input => "zstd streams: layers and packages of others";

    public override IEnumerable<byte[]> Seeds() => Contents().Select(Bytes.Zstd);
}
