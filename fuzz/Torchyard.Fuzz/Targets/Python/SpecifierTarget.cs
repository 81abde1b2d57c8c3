using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class SpecifierTarget : TextTarget
{
    private static readonly PythonVersion[] Versions =
    [
        .. new[] { "1.0", "2.9.1+cu128", "3.13rc1", "1!2", "0.dev0", "2.9.post3" }.Select(PythonVersion.Parse),
    ];

    public override string Name => "version-specifier";

    public override string Input => "version specifiers: requires-python of pages, METADATA, requirements";

    public override int LongestInput => 1024;

    public override IReadOnlyList<string> Words =>
        [">=", "<=", "==", "!=", "~=", "===", "<", ">", ".*", ",", "1.0", "2.9.1+cu128", "3.13rc1"];

    protected override object? Parse(string text)
    {
        var set = VersionSpecifierSet.Parse(text);
        Require(
            VersionSpecifierSet.TryParse(set.ToString(), out var again) && again.Equals(set),
            "specifiers that are written again are read differently"
        );
        return (
            set.ToString(),
            Versions.Select(version => (set.Contains(version), set.Contains(version, true), again!.Contains(version))).ToList()
        );
    }
}
