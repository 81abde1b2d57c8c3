using System.Text.RegularExpressions;
using Torchyard.Testing.Documentation;

namespace Torchyard.Tests.Documentation;

/// <summary>README.zh-CN.md says the same as README.md where that can be told without Chinese.</summary>
public sealed class ReadmeTranslationTests
{
    [Fact]
    public void Both_have_the_same_blocks_in_the_same_order()
    {
        Assert.Equal(Blocks("README.md"), Blocks("README.zh-CN.md"));
        Assert.NotEmpty(Blocks("README.md"));
    }

    [Fact]
    public void Both_lead_to_the_same_pages_in_the_same_order() => Assert.Equal(Links("README.md"), Links("README.zh-CN.md"));

    [Fact]
    public void Both_have_the_same_number_of_sections_and_points()
    {
        foreach (var mark in new[] { "# ", "## ", "- ", "| [" })
        {
            Assert.Equal(Count("README.md", mark), Count("README.zh-CN.md", mark));
        }
    }

    // Comments are translated.
    private static IEnumerable<string> Blocks(string page) =>
        CodeBlock.Read(SourceTree.Root, page).Select(block => block.Language + "\n" + Regex.Replace(block.Text, @"(?m)\s*(^|\s)#.*$", ""));

    private static IEnumerable<string> Links(string page) =>
        Regex
            .Matches(File.ReadAllText(SourceTree.At(page)), @"\]\(((docs/|[A-Z]+\.md|LICENSE)[^)]*)\)")
            .Select(match => match.Groups[1].Value)
            .Where(link => link.StartsWith("docs/", StringComparison.Ordinal));

    private static int Count(string page, string mark) =>
        File.ReadLines(SourceTree.At(page)).Count(line => line.StartsWith(mark, StringComparison.Ordinal));
}
