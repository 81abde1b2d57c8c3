using Torchyard.Platform.Compression;

namespace Torchyard.Fuzz.Targets.Compression;

internal sealed class XzTarget() : DecoderTarget(CompressionFormat.Xz)
{
    public override string Name => "xz";

    public override string Input => "xz streams: Debian's packages and indexes, NVIDIA's archives";

    // xz -9e < /dev/null; printf 'one line of text, ' | xz --check=crc32
    public override IEnumerable<byte[]> Seeds() =>
        [
            Convert.FromBase64String("/Td6WFoAAATm1rRGAAAAABzfRCEftvN9AQAAAAAEWVo="),
            Convert.FromBase64String(
                "/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AAjABhdADebiM52mp3yJec1cQPhpRZhG/Etqb8AAACU5VRHAAEwJAlnw8OQQpkNAQAAAAABWVo="
            ),
        ];
}
