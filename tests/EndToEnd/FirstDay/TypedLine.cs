using System.Text.RegularExpressions;
using Torchyard.Testing.Documentation;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>A line of a page that a reader types.</summary>
/// <param name="Place">Page and line.</param>
/// <param name="Command">The command, without its comment.</param>
internal sealed partial record TypedLine(string Place, string Command)
{
    /// <summary>
    /// The program's own output, which has to keep to the width of the terminal; what it runs inside has its own, and sentences of fit are
    /// prose.
    /// </summary>
    public bool IsTorchyards => Own().IsMatch(Command);

    /// <summary>The lines of all shell blocks of a page in order; what a console block shows as an answer is not typed.</summary>
    public static IReadOnlyList<TypedLine> Of(string page) =>
        [
            .. CodeBlock
                .Read(SourceTree.Root, page)
                .Where(block => block.Language is "sh" or "console")
                .SelectMany(block =>
                    block
                        .Lines.Select((text, index) => (Text: text, Place: $"{page}:{block.Line + index}"))
                        .Where(line => block.Language == "sh" || line.Text.StartsWith("$ ", StringComparison.Ordinal))
                        .Select(line => new TypedLine(
                            line.Place,
                            Comment().Replace(block.Language == "sh" ? line.Text : line.Text[2..], "")
                        ))
                )
                .Where(line => line.Command.Length > 0),
        ];

    [GeneratedRegex(@"^(\./)?torchyard (?!exec|run|ssh|fit)")]
    private static partial Regex Own();

    [GeneratedRegex(@"\s*(^|\s)#.*$")]
    private static partial Regex Comment();
}
