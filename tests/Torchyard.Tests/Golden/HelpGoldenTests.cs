using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Testing.Golden;

namespace Torchyard.Tests.Golden;

/// <summary>The help of every verb as a whole, at 80 columns.</summary>
public sealed class HelpGoldenTests
{
    public static TheoryData<string> Verbs =>
        [
            .. CommandTree
                .Build(new GlobalOptions())
                .Subcommands.Where(verb => !verb.Hidden)
                .Select(verb => verb.Name)
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task The_help_of_a_verb_is_as_it_was_read(string verb)
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync(verb, "--help"));
        Assert.Empty(run.Error);
        GoldenFile.Compare($"tests/Torchyard.Tests/Golden/Help/{verb}.golden", run.Output);
    }

    [Fact]
    public async Task The_help_of_the_program_is_as_it_was_read()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("--help"));
        GoldenFile.Compare("tests/Torchyard.Tests/Golden/Help/torchyard.golden", run.Output);
    }

    [Fact]
    public void Every_golden_file_belongs_to_a_verb()
    {
        var directory = SourceTree.At("tests/Torchyard.Tests/Golden");
        var names = new[] { "Help", "Errors" }
            .SelectMany(part => Directory.EnumerateFiles(Path.Combine(directory, part)))
            .Select(Path.GetFileNameWithoutExtension)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        Assert.Equal(Verbs.Select(verb => verb.Data).Append("torchyard").Order(StringComparer.Ordinal), names);
    }
}
