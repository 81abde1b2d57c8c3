using System.Buffers.Binary;
using Torchyard.Images.Debian.Configure;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class TexFormatTarget : FuzzTarget
{
    // 2026-11-30 17:03:40 UTC
    private const long Written = 1_796_058_220;

    public override string Name => "tex-format";

    public override string Input => "the format file that TeX dumps in a maintainer script";

    public override IEnumerable<byte[]> Seeds()
    {
        var format = new byte[5 + 40];
        int[] parts = [(17 * 60) + 3, 30, 11, 2026, 5];
        for (var i = 0; i < parts.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(format.AsSpan(5 + (i * 8)), parts[i]);
            format[5 + (i * 8) + 5] = 0x65;
        }

        yield return format;
    }

    public override object? Parse(byte[] input)
    {
        var settled = TexFormat.Settled(input, Written, 1_700_000_000);
        if (settled is not null)
        {
            Require(settled.Length == input.Length, "a settled format has another length");
            Require(input.Zip(settled).Count(pair => pair.First != pair.Second) <= 16, "more than the moment was changed");
        }

        return settled;
    }
}
