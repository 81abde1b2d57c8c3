using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Terminal;

namespace Torchyard.Tests.CommandLine;

/// <summary>Help fits every terminal and breaks no word.</summary>
public sealed class HelpTextTests
{
    public static TheoryData<string, int> Pages
    {
        get
        {
            var pages = new TheoryData<string, int>();
            foreach (
                var verb in CommandTree
                    .Build(new GlobalOptions())
                    .Subcommands.Where(verb => !verb.Hidden)
                    .Select(verb => verb.Name)
                    .Append("")
            )
            {
                foreach (var width in new[] { 60, 80, 100 })
                {
                    pages.Add(verb, width);
                }
            }

            return pages;
        }
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task It_is_broken_at_blanks_to_the_width_of_the_terminal(string verb, int width)
    {
        var narrow = await HelpAsync(verb, width);

        Assert.DoesNotContain(narrow.Split('\n'), line =>
            PlainText.Columns(line) > width && line.Trim().Contains(' ', StringComparison.Ordinal)
        );
        Assert.Equal(Words(await HelpAsync(verb, 2000)), Words(narrow));
    }

    [Fact]
    public async Task Without_a_terminal_it_is_for_80_columns() =>
        Assert.Equal(Plain(await HelpAsync("run", 80)), await HelpAsync("run", columns: null));

    private static async Task<string> HelpAsync(string verb, int? columns)
    {
        using var run = new CommandRun { Columns = columns };
        Assert.Equal(0, await run.RunAsync(verb.Length == 0 ? ["--help"] : [verb, "--help"]));
        return run.Output;
    }

    private static IEnumerable<string> Words(string text) =>
        text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(word => word != "\\");

    private static string Plain(string text) => System.Text.RegularExpressions.Regex.Replace(text, "\e\\[[0-9;]*m", "");
}
