using System.Text.RegularExpressions;

namespace Torchyard.Tests.Documentation;

/// <summary>"1 layers" cannot be printed: a count and its noun are joined by <c>Count.Of</c> alone.</summary>
public sealed partial class PluralTests
{
    [Fact]
    public void No_text_puts_a_count_before_a_plural()
    {
        var source = SourceTree.At("src");
        var found = Directory
            .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Torchyard.Supervisor/", StringComparison.Ordinal)
            )
            .SelectMany(file =>
                File.ReadLines(file)
                    .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))
                    .SelectMany(line => Plurals(line).Select(text => $"{Path.GetRelativePath(source, file)}: {text}"))
            );

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("$\"{layers.Count} layers\"", true)]
    [InlineData("$\"{found.Problems.Length} problems\"", true)]
    [InlineData("$\"{made.Count()} wheels in {groups.Count} layers\"", true)]
    [InlineData("$\"{n} file(s)\"", true)]
    [InlineData("$\"{Count.Of(layers.Count, \"layer\")}\"", false)]
    [InlineData("$\"more than {MostLayers} layers\"", false)]
    [InlineData("is { Count: > 0 } layers", false)]
    public void The_rule_finds_what_breaks_it(string line, bool breaks) => Assert.Equal(breaks, Plurals(line).Any());

    private static IEnumerable<string> Plurals(string line) =>
        line.Contains("$\"", StringComparison.Ordinal)
            ? Plural().Matches(line).Select(match => match.Value).Where(text => !text.Contains("Max", StringComparison.Ordinal))
            : [];

    [GeneratedRegex(
        @"\{[A-Za-z_.]*(Count|Length)(\(\))?\} (layers|files|packages|images|containers|wheels|problems|distributions|GPUs|CPUs|processes|libraries|entries|machines|modules|blobs|proofs|warnings|errors|directories|services|names|requirements|hashes|links|ranks|patterns|extras)\b|[a-zA-Z]\((s|es)\)"
    )]
    private static partial Regex Plural();
}
