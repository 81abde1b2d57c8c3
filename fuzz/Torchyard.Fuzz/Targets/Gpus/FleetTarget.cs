using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;

namespace Torchyard.Fuzz.Targets.Gpus;

internal sealed class FleetTarget : FuzzTarget
{
    public override string Name => "fleet";

    public override string Input => "fleet files of others";

    public override IReadOnlyList<string> Words =>
        [
            "[[machine]]\n",
            "name = \"a\"\n",
            "gpus = [\"h100\"]\n",
            "driver = \"570.124.06\"\n",
            "glibc = \"2.36\"\n",
            "architecture = \"x86_64\"\n",
            "sm_90",
            "[]",
        ];

    public override object? Parse(byte[] input) => FleetFile.Parse(input, "fleet.toml", FitTables.Default);
}
