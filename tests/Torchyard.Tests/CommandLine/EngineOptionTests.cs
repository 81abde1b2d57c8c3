using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Commands;

namespace Torchyard.Tests.CommandLine;

/// <summary>Every option that users of docker and podman know is an option here, or has an answer.</summary>
public sealed class EngineOptionTests
{
    private static readonly RootCommand Root = CommandTree.Build(new GlobalOptions());

    [Fact]
    public void Every_option_of_docker_and_podman_is_known_or_has_an_answer()
    {
        var open = Known().Where(option => !Exists(option.Verb, option.Name) && EngineOptions.Instead(option.Verb, option.Name) is null);

        Assert.Empty(open.Select(option => $"{option.Verb} {option.Name}").Distinct());
    }

    [Fact]
    public void What_there_is_has_no_answer_that_says_otherwise()
    {
        var wrong = EngineOptions.Names.Select(row => row.Split(' ')).Where(row => row[0].Length > 0 && Exists(row[0], row[1]));

        Assert.Empty(wrong.Select(row => string.Join(' ', row)));
        Assert.DoesNotContain(EngineVerbs.Names, verb => Root.Subcommands.Any(command => command.Name == verb));
    }

    [Fact]
    public void Every_answer_is_about_an_option_that_an_engine_has()
    {
        var known = Known().Select(option => $"{option.Verb} {option.Name}").ToHashSet(StringComparer.Ordinal);

        Assert.DoesNotContain(EngineOptions.Names, row => row[0] != ' ' && !known.Contains(row));
    }

    [Theory]
    [InlineData("--shm-size", "run", "--ipc=host", "image")]
    [InlineData("--shm-size", "run", "--ipc", "host", "image")]
    [InlineData("--gpus", "run", "--privileged", "image")]
    [InlineData("supervisor", "run", "--init", "image")]
    [InlineData("systemd", "run", "--restart=always", "image")]
    [InlineData("none can be added", "run", "--cap-add", "SYS_PTRACE", "image")]
    [InlineData("-p 8888:8888", "run", "-itP", "image")]
    [InlineData("torchyard.toml", "build", "-f", "Dockerfile")]
    public async Task A_command_line_of_a_readme_gets_an_answer(string answer, params string[] arguments)
    {
        using var run = new CommandRun();

        Assert.Equal(arguments[0] == "run" ? 125 : 2, await run.RunAsync(arguments));

        Assert.StartsWith(
            $"error TY9001: 'torchyard {arguments[0]}' has no option '{arguments[1].Split('=')[0]}'\n",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Contains(answer, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("did you mean", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verb_of_an_engine_gets_an_answer()
    {
        using var run = new CommandRun();

        Assert.Equal(2, await run.RunAsync("stats"));

        Assert.Contains("use 'torchyard top'", run.Error, StringComparison.Ordinal);
    }

    private static bool Exists(string verb, string option) =>
        Root
            .Subcommands.Single(command => command.Name == verb)
            .Options.Concat(Root.Options.Where(o => o.Recursive))
            .Any(known => known.Name == option || (known.Aliases.Contains(option) && known is not System.CommandLine.Help.HelpOption));

    private static IReadOnlyList<(string Verb, string Name)> Known() =>
        [
            .. File.ReadLines(SourceTree.At("tests/Torchyard.Tests/CommandLine/Fixtures/engine-options.txt"))
                .Where(line => !line.StartsWith('#'))
                .Select(line => line.Split(' '))
                .SelectMany(words => words.Skip(2).Select(name => (words[1], name))),
        ];
}
