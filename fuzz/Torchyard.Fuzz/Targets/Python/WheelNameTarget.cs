using Torchyard.Packages.Python.Names;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class WheelNameTarget : TextTarget
{
    private static readonly SupportedTags Tags = new(new InterpreterTarget(13, 41));

    public override string Name => "wheel-name";

    public override string Input => "names of wheels and source archives on pages of indexes";

    public override int LongestInput => 1024;

    public override IReadOnlyList<string> Words =>
        [
            "a-1-py3-none-any.whl",
            "-1build",
            "cp313-cp313-manylinux_2_28_x86_64",
            ".manylinux2014_x86_64",
            "py2.py3",
            "-abi3-",
            ".tar.gz",
            ".zip",
            "-",
            "_",
            "musllinux_1_2_x86_64",
        ];

    protected override object? Parse(string text)
    {
        SourceArchiveName.TryParse(text, "a", out var version);
        return WheelFileName.TryParse(text, out var name)
            ? (name.Name, name.Version, name.Build, name.Tags, Tags.Rank(name), version?.ToString())
            : version?.ToString();
    }
}
