using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class RecordTarget : FuzzTarget
{
    public override string Name => "wheel-record";

    public override string Input => "RECORD of wheels";

    public override IReadOnlyList<string> Words =>
        ["a/b.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n", "\"a,b\",,\n", ",sha512=", "md5=", "\"\"", ","];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override object? Parse(byte[] input)
    {
        var lines = RecordFile.Parse(input);
        var again = RecordFile.Parse(RecordFile.Write(lines.Values));
        Require(
            ResultText.Of(again.Values.OrderBy(line => line.Path, StringComparer.Ordinal))
                == ResultText.Of(lines.Values.OrderBy(line => line.Path, StringComparer.Ordinal)),
            "lines that are written again are read differently"
        );
        return lines;
    }
}
