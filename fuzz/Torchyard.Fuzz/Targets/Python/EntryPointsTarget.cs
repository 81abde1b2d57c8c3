using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class EntryPointsTarget : FuzzTarget
{
    public override string Name => "entry-points";

    public override string Input => "entry_points.txt of wheels";

    public override IReadOnlyList<string> Words =>
        ["[console_scripts]\n", "a = b.c:d.e\n", "[gui_scripts]\n", "a = b:c [extra]\n", "; comment\n", "%(x)s"];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override object? Parse(byte[] input)
    {
        var scripts = EntryPoints.Parse(input);
        Require(
            scripts.All(script => !script.Name.Contains('/', StringComparison.Ordinal) && script.Name is not (".." or "." or "")),
            "a script has the name of another place"
        );
        Require(
            scripts.All(script => !(script.Module + script.Function).AsSpan().ContainsAny('\n', ';', '\'')),
            "a script's function is more than a name"
        );
        return scripts;
    }
}
