using System.Text.RegularExpressions;

namespace Torchyard.Architecture;

/// <summary>What STYLE.md says of words, as far as a program can see it.</summary>
public sealed partial class WordTests
{
    [Fact]
    public void A_cure_begins_in_lower_case_unless_with_a_name() =>
        Findings.None(
            SourceModel
                .Current.TextsPassedAs("cure")
                .Where(one => Capital().IsMatch(one.Text) && !Name().IsMatch(one.Text))
                .Select(one => $"{one.Place}: {one.Text}")
        );

    [Fact]
    public void Sources_and_documents_are_written_in_plain_English()
    {
        var documents = Directory
            .EnumerateFiles(SourceTree.At("docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))
            .Where(file => !file.StartsWith("docs/evidence/", StringComparison.Ordinal));
        Findings.None(
            SourceTree
                .Files("src")
                .Concat(documents)
                .Append("README.md")
                .Append("CONTRIBUTING.md")
                .SelectMany(file => SourceTree.Read(file).Split('\n').Select((line, index) => (Line: line, Place: $"{file}:{index + 1}")))
                .Where(one => Foreign().IsMatch(one.Line))
                .Select(one => $"{one.Place}: {Foreign().Match(one.Line).Value}")
                .Order(StringComparer.Ordinal)
        );
    }

    /// <summary>A code is compared by its name: a stage that answers another's failure says whose it is.</summary>
    [Fact]
    public void No_code_is_compared_as_a_literal() =>
        Findings.None(SourceTree.Files("src").Where(file => ComparedCode().IsMatch(SourceTree.Read(file))).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"\b[Cc]ode\b( is|:| ==| !=)[^;{}]*""TY[0-9]{4}""")]
    private static partial Regex ComparedCode();

    [GeneratedRegex("^[A-Z][a-z]")]
    private static partial Regex Capital();

    // Names of products keep their capital wherever they stand.
    [GeneratedRegex("^(Debian|Docker|GitHub|Intel|Jupyter|Linux|PyTorch|Python|Slurm|Torchyard|Ubuntu)")]
    private static partial Regex Name();

    // 'X is no Y' (but 'there is no Y', 'no longer'), 'mend', 'held against'.
    [GeneratedRegex(
        @"(?<!\b[Tt]here )\b(is|are) no (?!longer\b|more\b|other\b|better\b|worse\b|less\b|good\b|one\b)[a-z]+|\b[Mm]end(s|ed|ing)?\b|\bheld against\b"
    )]
    private static partial Regex Foreign();
}
