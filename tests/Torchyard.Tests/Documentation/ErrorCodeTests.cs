using System.Text.RegularExpressions;

namespace Torchyard.Tests.Documentation;

public sealed partial class ErrorCodeTests
{
    [Fact]
    public void Every_code_of_the_source_has_one_row_and_every_row_a_code()
    {
        var root = SourceTree.Root;
        var used = Directory
            .EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(file => Code().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .ToHashSet(StringComparer.Ordinal);
        var rows = Directory
            .EnumerateFiles(Path.Combine(root, "docs/errors"), "*.md")
            .SelectMany(File.ReadLines)
            .Select(line => Row().Match(line))
            .Where(match => match.Success)
            .Select(match => match.Groups[1].Value)
            .ToList();
        Assert.NotEmpty(used);
        Assert.Empty(rows.GroupBy(code => code).Where(group => group.Count() > 1).Select(group => $"{group.Key} has two rows"));
        Assert.Empty(used.Except(rows).Order().Select(code => $"{code} is used in src and has no row in docs/errors"));
        Assert.Empty(rows.Except(used).Order().Select(code => $"{code} has a row in docs/errors and is not used in src"));
    }

    // As a whole string literal: comments speak of codes too.
    [GeneratedRegex("\"(TY[0-9]{4})\"")]
    private static partial Regex Code();

    [GeneratedRegex(@"^\| *(TY[0-9]{4}) *\|.+\|.+\|$")]
    private static partial Regex Row();
}
