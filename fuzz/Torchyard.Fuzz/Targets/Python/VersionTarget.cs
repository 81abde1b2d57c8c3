using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class VersionTarget : TextTarget
{
    public override string Name => "python-version";

    public override string Input => "PEP 440 versions: names of wheels, pages of indexes, METADATA";

    public override int LongestInput => 400;

    public override IReadOnlyList<string> Words =>
        ["1!", "v", ".post1", "rc2", "a0", "b", ".dev3", "+cu128.local", "-1", "_", ".", "alpha", "preview"];

    protected override object? Parse(string text)
    {
        var version = PythonVersion.Parse(text);
        Require(
            PythonVersion.TryParse(version.ToString(), out var again) && again == version && again.ToString() == version.ToString(),
            "a version that is written again is read differently"
        );
        Require(version.GetHashCode() == again!.GetHashCode(), "equal versions have different hashes");
        Require(version.Public <= version, "a version is older than its public part");
        return (version.ToString(), version.Base.ToString(), version.IsPreRelease);
    }
}
