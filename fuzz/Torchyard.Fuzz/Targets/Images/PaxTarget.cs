using Torchyard.Images.Tar;

namespace Torchyard.Fuzz.Targets.Images;

internal sealed class PaxTarget : FuzzTarget
{
    public override string Name => "pax";

    public override string Input => "extended headers of tar archives";

    public override IReadOnlyList<string> Words =>
        ["12 path=a/b\n", "30 mtime=1700000000.123456789\n", "SCHILY.xattr.user.a=", "linkpath=", "size="];

    public override bool IsRefusal(Exception failure) => failure is TarFormatException;

    public override object? Parse(byte[] input)
    {
        var records = PaxRecords.Parse(input);
        var written = new List<byte>();
        foreach (var (key, value) in records)
        {
            PaxRecords.Append(written, key, value);
        }

        Require(
            ResultText.Of(PaxRecords.Parse([.. written])) == ResultText.Of(records),
            "records that are written again are read differently"
        );
        return records;
    }
}
