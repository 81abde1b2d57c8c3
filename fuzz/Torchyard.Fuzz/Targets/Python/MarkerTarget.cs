using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class MarkerTarget : TextTarget
{
    private static readonly MarkerEnvironment Environment = MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.13.5"));

    public override string Name => "marker";

    public override string Input => "environment markers: METADATA, requirements, pylock.toml";

    public override IReadOnlyList<string> Words =>
        [
            "python_version",
            "sys_platform",
            "extra",
            "extras",
            "platform_release",
            "os_name",
            " == ",
            " != ",
            " < ",
            " ~= ",
            " in ",
            " not in ",
            " and ",
            " or ",
            "(",
            ")",
            "'linux'",
            "\"3.13\"",
            "'a'",
        ];

    protected override object? Parse(string text)
    {
        if (!Marker.TryParse(text, out var marker, out var error))
        {
            Require(error.Length > 0, "a marker is refused without a reason");
            return error;
        }

        var holds = marker.Evaluate(Environment);
        Require(marker.OnLinux().Evaluate(Environment) == holds, "what is the same on every Linux changes the answer of a marker");
        Require(
            Marker.TryParse(marker.ToString(), out var again, out _)
                && again.ToString() == marker.ToString()
                && again.Evaluate(Environment) == holds,
            "a marker that is written again is read differently"
        );
        return (marker.ToString(), holds, marker.Evaluate(Environment, ["a", "b"]), marker.AsksForKernel);
    }
}
