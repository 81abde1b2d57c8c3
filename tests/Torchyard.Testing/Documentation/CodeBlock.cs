using System.Text.RegularExpressions;

namespace Torchyard.Testing.Documentation;

/// <summary>A block of code in a page of Markdown: fenced, or indented by four blanks.</summary>
/// <param name="Page">Path of the page below the root of the sources.</param>
/// <param name="Line">Line of its first line, from 1.</param>
/// <param name="Language">What the fence says; empty for an indented block.</param>
/// <param name="Text">Its lines, without indentation.</param>
public sealed partial record CodeBlock(string Page, int Line, string Language, string Text)
{
    public IReadOnlyList<string> Lines => Text.TrimEnd('\n').Split('\n');

    /// <summary>TOML, as the fence or else the first line says.</summary>
    public bool IsToml => Language == "toml" || (Language.Length == 0 && TomlLine().IsMatch(Lines.First(line => line.Trim().Length > 0)));

    public override string ToString() => $"{Page}:{Line}";

    /// <summary>The blocks of a page, in order.</summary>
    public static IReadOnlyList<CodeBlock> Read(string root, string page)
    {
        var blocks = new List<CodeBlock>();
        var lines = File.ReadAllLines(Path.Combine(root, page));
        for (var at = 0; at < lines.Length; at++)
        {
            if (lines[at].StartsWith("```", StringComparison.Ordinal))
            {
                var end = Array.FindIndex(lines, at + 1, line => line.StartsWith("```", StringComparison.Ordinal));
                Assert.True(end > at, $"{page}:{at + 1} opens a block that does not end");
                blocks.Add(new CodeBlock(page, at + 2, lines[at][3..].Trim(), string.Join('\n', lines[(at + 1)..end])));
                at = end;
            }
            else if (IsIndented(lines[at]) && (at == 0 || lines[at - 1].Trim().Length == 0))
            {
                var end = at;
                for (var next = at; next < lines.Length && (IsIndented(lines[next]) || lines[next].Trim().Length == 0); next++)
                {
                    end = IsIndented(lines[next]) ? next : end;
                }

                blocks.Add(
                    new CodeBlock(
                        page,
                        at + 1,
                        "",
                        string.Join('\n', lines[at..(end + 1)].Select(line => line.Length > 4 ? line[4..] : ""))
                    )
                );
                at = end;
            }
        }

        return blocks;
    }

    private static bool IsIndented(string line) => line.StartsWith("    ", StringComparison.Ordinal) && line.Trim().Length > 0;

    [GeneratedRegex(@"^(\[\[?[a-z][a-z.-]*\]\]?|[a-z][a-z-]* = .*)( *#.*)?$")]
    private static partial Regex TomlLine();
}
