using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Torchyard.Architecture;

/// <summary>
/// A record of more than four members has <c>required … init</c> properties: in a call of 22 values nobody sees that two of them changed
/// places.
/// </summary>
public sealed class RecordTests
{
    private const int MostByPosition = 4;

    private static readonly string[] Folders = ["src", "tests", "eng", "fuzz", "bench"];

    [Fact]
    public void Members_of_long_records_are_named() =>
        Findings.None(
            Folders
                .SelectMany(SourceTree.Files)
                .AsParallel()
                .SelectMany(file => LongRecords(SourceTree.Read(file)).Select(record => $"{file}: {record}"))
                .Order(StringComparer.Ordinal)
        );

    [Theory]
    [InlineData("record R(int A, int B, int C, int D);", "")]
    [InlineData("record R(int A, int B, int C, int D, int E = 0);", "R has 5 members by position")]
    [InlineData(
        "class C { readonly record struct S(\n(int, int) A, int B, int C, int D,\nint E, int F) { } }",
        "S has 6 members by position"
    )]
    [InlineData("record R { public R(int a, int b, int c, int d, int e) { } }", "")]
    public void A_long_record_is_seen(string source, string found) => Assert.Equal(found, string.Join(", ", LongRecords(source)));

    private static IEnumerable<string> LongRecords(string source) =>
        CSharpSyntaxTree
            .ParseText(source, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest))
            .GetRoot()
            .DescendantNodes()
            .OfType<RecordDeclarationSyntax>()
            .Where(record => record.ParameterList?.Parameters.Count > MostByPosition)
            .Select(record => $"{record.Identifier} has {record.ParameterList!.Parameters.Count} members by position");
}
