using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Torchyard.Architecture;

/// <summary>What CSharpier leaves alone: comments and texts that are too long for a line.</summary>
public sealed class LineTests
{
    private const int Longest = 140;

    private static readonly string[] Folders = ["src", "tests", "eng", "fuzz", "bench"];

    [Fact]
    public void No_line_is_longer_than_140_characters() =>
        Findings.None(Folders.SelectMany(SourceTree.Files).AsParallel().SelectMany(Long).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Long(string file)
    {
        var text = SourceTree.Read(file);
        var lines = text.Split('\n')
            .Select((line, index) => (Length: line.EnumerateRunes().Count(), Index: index))
            .Where(line => line.Length > Longest)
            .ToList();
        if (lines.Count == 0)
        {
            return [];
        }

        // A script, a document or a pattern in the form that it has elsewhere cannot be broken.
        var tree = CSharpSyntaxTree.ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest));
        var whole = tree.GetRoot()
            .DescendantTokens()
            .Where(token =>
                token.Text.StartsWith("@\"", StringComparison.Ordinal)
                || token.IsKind(SyntaxKind.SingleLineRawStringLiteralToken)
                || token.IsKind(SyntaxKind.MultiLineRawStringLiteralToken)
                || token.Parent?.Parent?.ToString().TrimStart('$').StartsWith("\"\"\"", StringComparison.Ordinal) == true
            )
            .SelectMany(token => Enumerable.Range(token.GetLocation().GetLineSpan().StartLinePosition.Line, Lines(token)))
            .ToHashSet();
        return lines.Where(line => !whole.Contains(line.Index)).Select(line => $"{file}:{line.Index + 1}: {line.Length} characters");
    }

    private static int Lines(SyntaxToken token)
    {
        var span = token.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }
}
