using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class MetadataTarget : FuzzTarget
{
    public override string Name => "wheel-metadata";

    public override string Input => "METADATA of wheels, alone and in the archive";

    public override IReadOnlyList<string> Words =>
        [
            "Metadata-Version: 2.1\n",
            "Name: a\n",
            "Version: 1\n",
            "Requires-Dist: b>=1; extra == 'c'\n",
            "Requires-Python: >=3.8\n",
            "Provides-Extra: c\n",
            "\n continued\n",
            "=?utf-8?q?=41?=",
            "\n\n",
        ];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override object? Parse(byte[] input) => (MetadataHeaders.Parse(input), WheelMetadata.Parse(input));
}
