using System.CommandLine;
using System.Text.RegularExpressions;
using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Testing.Documentation;

namespace Torchyard.Tests.Documentation;

/// <summary>What the pages and help texts say to type is something that the program takes.</summary>
public sealed partial class DocumentedCommandTests
{
    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public void Every_command_line_of_a_block_is_one_that_the_program_takes(string page)
    {
        var faults = new List<string>();
        foreach (var block in CodeBlock.Read(SourceTree.Root, page).Where(block => !block.IsToml))
        {
            foreach (var (text, line) in Joined(block))
            {
                // What console blocks show as the answer of a command has no such beginning.
                foreach (var words in ShellWords.Commands(text.StartsWith("$ ", StringComparison.Ordinal) ? text[2..] : text))
                {
                    if (words[0] is "torchyard" or "./torchyard" && Fault(words, whole: true) is { } fault)
                    {
                        faults.Add($"{page}:{line}: {string.Join(' ', words)}: {fault}");
                    }
                }
            }
        }

        Assert.Empty(faults);
    }

    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public void Every_verb_and_option_that_the_text_names_exists(string page)
    {
        var faults = new List<string>();
        var lines = File.ReadAllLines(SourceTree.At(page));
        for (var at = 0; at < lines.Length; at++)
        {
            foreach (Match match in Quoted().Matches(lines[at]))
            {
                // In a table a bar is escaped; an ellipsis stands for whatever the reader has there.
                var text = match.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal);
                var words = ShellWords.Commands(text)[0].Where(word => word is not ("…" or "...")).ToList();
                if (words.Count > 1 && Fault(words, whole: false) is { } fault)
                {
                    faults.Add($"{page}:{at + 1}: {text}: {fault}");
                }
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void Every_example_of_a_help_text_is_one_that_the_program_takes()
    {
        var examples = CommandTree.Build(new GlobalOptions()).Subcommands.OfType<Verb>().SelectMany(verb => verb.Examples).ToList();
        Assert.NotEmpty(examples);
        Assert.Empty(
            examples.SelectMany(example =>
                ShellWords
                    .Commands(example.CommandLine)
                    .Where(words => words[0] == "torchyard")
                    .Select(words => (example.CommandLine, Fault: Fault(words, whole: true)))
                    .Where(found => found.Fault is not null)
            )
        );
    }

    [Fact]
    public void Every_verb_and_option_that_a_message_or_cure_names_exists()
    {
        var source = SourceTree.At("src");
        var faults = new List<string>();
        foreach (
            var file in Directory
                .EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
        )
        {
            foreach (Match match in Told().Matches(File.ReadAllText(file)))
            {
                // What is put in at run time is one word.
                var words = ShellWords.Commands(Hole().Replace(match.Value, "NAME"))[0];
                if (Fault(words, whole: false) is { } fault)
                {
                    faults.Add($"{Path.GetRelativePath(source, file)}: {match.Value}: {fault}");
                }
            }
        }

        Assert.Empty(faults);
    }

    // The check itself finds what it is for.
    [Theory]
    [InlineData("torchyard pu", "there is no verb 'pu'")]
    [InlineData("torchyard up --recrate", "'torchyard up' has no option '--recrate'")]
    [InlineData("torchyard rmi", "'torchyard rmi' needs IMAGE")]
    [InlineData("torchyard run --rm -it vision ls -l --not-ours", null)]
    public void A_command_line_that_the_program_does_not_take_is_a_fault(string line, string? fault)
    {
        var found = Fault(ShellWords.Commands(line)[0], whole: true);

        Assert.Equal(fault is null, found is null);
        Assert.Contains(fault ?? "", found ?? "", StringComparison.Ordinal);
    }

    private static string? Fault(IReadOnlyList<string> words, bool whole)
    {
        var root = CommandTree.Build(new GlobalOptions());
        var arguments = words.Skip(1).ToList();
        if (arguments is ["VERB", ..] or ["--version"])
        {
            return null;
        }

        var parsed = root.Parse(ProgramArguments.Separate(root, arguments), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.CommandResult.Command == root)
        {
            return whole || parsed.UnmatchedTokens.Count > 0 ? CommandLineErrors.From(parsed, bunch: null).Message : null;
        }

        var asksForHelp = arguments.Contains("--help");
        var isWrong =
            CommandLineErrors.MisreadOption(parsed) is not null
            || parsed.UnmatchedTokens.Count > 0
            || (whole && !asksForHelp && parsed.Errors.Count > 0);
        return isWrong ? CommandLineErrors.From(parsed, bunch: null).Message : null;
    }

    // Lines that end in a backslash go on in the next.
    private static IEnumerable<(string Text, int Line)> Joined(CodeBlock block)
    {
        var text = "";
        for (var at = 0; at < block.Lines.Count; at++)
        {
            if (block.Lines[at].EndsWith('\\'))
            {
                text += block.Lines[at][..^1];
                continue;
            }

            yield return (text + block.Lines[at], block.Line + at);
            text = "";
        }
    }

    // From the program's name over a verb to an option; text goes on behind it.
    [GeneratedRegex(@"torchyard [a-z]+( ([A-Za-z0-9_/.=-]+|\{[^{}""]*\}))*? --?[a-z][a-z-]*")]
    private static partial Regex Told();

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Hole();

    [GeneratedRegex("`(torchyard [a-z-][^`]*)`")]
    private static partial Regex Quoted();
}
