using System.Text;
using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Testing.Golden;

namespace Torchyard.Tests.Golden;

/// <summary>Everything that a verb prints when it fails, and its exit status: a stray line or a missing cure is a difference.</summary>
public sealed class ErrorGoldenTests
{
    private const string Recipe = "name = \"good\"\npackages = [\"python3\"]\n\n[base]\nsuite = \"trixie\"\n";

    public static TheoryData<string> Verbs => [.. ErrorCommands.ByVerb.Keys];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task The_failures_of_a_verb_are_as_they_were_read(string verb)
    {
        var text = new StringBuilder();
        foreach (var line in ErrorCommands.ByVerb[verb])
        {
            using var run = new CommandRun();
            run.Write("recipe.toml", Recipe);
            run.Write("wrong.toml", "name = \"wrong\"\npackages = \"python3\"\n");
            run.Write("wrong.env", "export A=b\n");
            var status = await run.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            text.Append($"$ torchyard {line}".TrimEnd()).Append('\n');
            text.Append(Constant(run.Output, run)).Append(Constant(run.Error, run));
            text.Append($"[exit status {status}]\n\n");
        }

        GoldenFile.Compare($"tests/Torchyard.Tests/Golden/Errors/{verb}.golden", text.ToString());
    }

    [Fact]
    public void Every_verb_has_its_failures() =>
        Assert.Equal(
            CommandTree
                .Build(new GlobalOptions())
                .Subcommands.Where(verb => !verb.Hidden)
                .Select(verb => verb.Name)
                .Append("torchyard")
                .Order(StringComparer.Ordinal),
            ErrorCommands.ByVerb.Keys
        );

    // What differs from machine to machine.
    private static string Constant(string text, CommandRun run) =>
        System
            .Text.RegularExpressions.Regex.Replace(text, @"\([0-9.]+ m?s", "(N s")
            .Replace(run.Directory, "/work", StringComparison.Ordinal)
            .Replace(ProgramVersion.Text, "torchyard VERSION", StringComparison.Ordinal);
}
