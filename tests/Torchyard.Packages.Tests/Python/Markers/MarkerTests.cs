using CsCheck;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Tests.Python.Versions;

namespace Torchyard.Packages.Tests.Python.Markers;

public sealed class MarkerTests
{
    private static readonly MarkerEnvironment Python312 = MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.12.3"));

    // The markers of real METADATA files, and the corners of PEP 508.
    [Theory]
    [InlineData("platform_system == \"Linux\"", true)]
    [InlineData("platform_system == 'Linux' and platform_machine == 'x86_64'", true)]
    [InlineData("platform_machine == 'aarch64'", false)]
    [InlineData("(sys_platform == 'linux' or sys_platform == 'win32') and extra == 'all'", false)]
    [InlineData("python_version < \"3.10\"", false)]
    [InlineData("python_version >= \"3.9\"", true)]
    [InlineData("python_full_version >= '3.12.3'", true)]
    [InlineData("python_version == '3.12.*'", true)]
    [InlineData("python_version ~= '3.10'", true)]
    [InlineData("python_version in '3.11, 3.12'", true)]
    [InlineData("python_version not in '3.11, 3.12'", false)]
    [InlineData("'linux' in sys_platform", true)]
    [InlineData("'3.8' <= python_version", true)]
    [InlineData("os.name == 'posix'", true)]
    [InlineData("python_implementation == 'CPython'", true)]
    [InlineData("sys_platform == 'win32' or sys_platform == 'linux' and python_version < '3'", false)]
    [InlineData("(sys_platform == 'win32' or sys_platform == 'linux') and python_version > '3'", true)]
    [InlineData("platform_system ~= 'Linux'", false)]
    [InlineData("platform_system > 'Darwin'", true)]
    [InlineData("implementation_name == \"cpython\"", true)]
    [InlineData("'a' not in extras", true)]
    public void A_marker_is_judged_for_the_interpreter(string text, bool holds) => Assert.Equal(holds, Parse(text).Evaluate(Python312));

    [Theory]
    [InlineData("extra == 'all'", "all", true)]
    [InlineData("extra == 'Opt_Einsum'", "opt-einsum", true)]
    [InlineData("extra == 'all'", "docs", false)]
    [InlineData("extra == 'all'", "docs,all", true)]
    [InlineData("extra == 'all' and platform_system == 'Windows'", "all", false)]
    [InlineData("'all' in extras", "docs,all", true)]
    [InlineData("'all' not in extras", "docs,all", false)]
    public void Extras_count_one_by_one(string text, string extras, bool holds) =>
        Assert.Equal(holds, Parse(text).Evaluate(Python312, extras.Split(',')));

    [Fact]
    public void Dependency_groups_of_a_lock_file_are_a_set() =>
        Assert.True(Parse("'Dev_Tools' in dependency_groups").Evaluate(Python312, dependencyGroups: ["dev-tools"]));

    [Theory]
    [InlineData("", "character 1")]
    [InlineData("python_version", "a comparison")]
    [InlineData("python_version >= ", "a marker variable or a quoted text")]
    [InlineData("python_version >= '3.9", "a closing quote")]
    [InlineData("'a' == 'b'", "a marker variable on one side")]
    [InlineData("(python_version >= '3.9'", "')'")]
    [InlineData("python_version >= '3.9' xor os_name == 'nt'", "'and', 'or' or the end")]
    [InlineData("python_version not '3.9'", "'in' after 'not'")]
    [InlineData("python_versions == '3.9'", "a marker variable")]
    [InlineData("extras == 'a'", "in extras")]
    public void A_wrong_marker_says_what_was_expected(string text, string expected)
    {
        Assert.False(Marker.TryParse(text, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_cannot_exhaust_the_stack()
    {
        Assert.False(Marker.TryParse(new string('(', 100_000) + "os_name == 'nt'" + new string(')', 100_000), out _, out var error));
        Assert.Contains("nested", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Endless_comparisons_are_refused() =>
        Assert.False(Marker.TryParse(string.Join(" or ", Enumerable.Repeat("os_name == 'nt'", 5000)), out _, out _));

    [Fact]
    public void A_marker_reads_back_from_its_text_and_means_the_same() =>
        MarkerText(3)
            .Sample(text =>
            {
                var marker = Parse(text);
                var again = Parse(marker.ToString());
                return again.ToString() == marker.ToString() && again.Evaluate(Python312, ["all"]) == marker.Evaluate(Python312, ["all"]);
            });

    private static Gen<string> MarkerText(int depth)
    {
        var comparison = VersionGen.OneOf(
            "python_version >= '3.10'",
            "sys_platform == \"win32\"",
            "extra == 'all'",
            "'linux' in sys_platform",
            "os_name not in 'nt'"
        );
        if (depth == 0)
        {
            return comparison;
        }

        var inner = MarkerText(depth - 1);
        return Gen.OneOf(
            comparison,
            Gen.Select(inner, inner, (left, right) => $"{left} or {right}"),
            Gen.Select(inner, inner, (left, right) => $"({left}) and ({right})"),
            Gen.Select(inner, inner, (left, right) => $"{left} and {right}")
        );
    }

    private static Marker Parse(string text) =>
        Marker.TryParse(text, out var marker, out var error) ? marker : throw new FormatException($"{text}: {error}");
}
