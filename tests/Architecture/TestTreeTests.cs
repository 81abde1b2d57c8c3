using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Torchyard.Architecture;

/// <summary>What the test projects have in common is in Torchyard.Testing, once.</summary>
public sealed partial class TestTreeTests
{
    private const string Shared = "Torchyard.Testing";

    private static readonly IReadOnlyList<string> Projects =
    [
        .. Directory
            .EnumerateFiles(SourceTree.At("tests"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))
            .Order(StringComparer.Ordinal),
    ];

    [Fact]
    public void Temporary_files_of_tests_are_made_in_one_place() =>
        Findings.None(
            SourceTree
                .Files("tests")
                .Where(file => file != "tests/Torchyard.Testing/Files/TemporaryDirectory.cs" && Temporary().IsMatch(SourceTree.Read(file)))
                .Select(file => $"{file}: use TemporaryDirectory")
        );

    [Fact]
    public void No_test_project_takes_from_another()
    {
        Assert.Contains($"tests/{Shared}/{Shared}.csproj", Projects);
        Findings.None(
            from project in Projects
            from item in XDocument.Parse(SourceTree.Read(project)).Descendants()
            where item.Name.LocalName is "Compile" or "ProjectReference" or "EmbeddedResource"
            let include = (string?)item.Attribute("Include") ?? ""
            where include.Contains("../", StringComparison.Ordinal) && !Products().IsMatch(include)
            select $"{project} includes {include}: move it to tests/{Shared}"
        );
    }

    [Fact]
    public void The_root_of_the_sources_is_looked_for_in_one_place() =>
        Findings.None(
            SourceTree
                .Files("tests")
                .Where(file =>
                    file is not ("tests/Torchyard.Testing/Files/SourceTree.cs" or "tests/Architecture/TestTreeTests.cs")
                    && SourceTree.Read(file).Contains("\"Torchyard.slnx\"", StringComparison.Ordinal)
                )
                .Select(file => $"{file}: use SourceTree")
        );

    [Fact]
    public void The_namespace_of_a_test_says_where_it_is() =>
        Findings.None(
            SourceTree
                .Files("tests")
                .Select(file => (File: file, Declared: Namespace().Match(SourceTree.Read(file)).Groups[1].Value))
                .Where(found => found.Declared.Length > 0 && found.Declared != NamespaceOf(found.File))
                .Select(found => $"{found.File}: {found.Declared}")
        );

    private static string NamespaceOf(string file)
    {
        var folders = Path.GetDirectoryName(file)!.Split('/')[1..];
        return string.Join('.', folders[0].StartsWith("Torchyard.", StringComparison.Ordinal) ? folders : folders.Prepend("Torchyard"));
    }

    [GeneratedRegex(@"\.(CreateTempSubdirectory|GetTempFileName)\(")]
    private static partial Regex Temporary();

    // What is tested.
    [GeneratedRegex("^../../(src|fuzz)/")]
    private static partial Regex Products();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
