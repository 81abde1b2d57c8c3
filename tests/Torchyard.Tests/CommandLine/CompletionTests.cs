using Torchyard.Platform.Processes;

namespace Torchyard.Tests.CommandLine;

/// <summary>What the Tab key offers.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("torchyard vers", "version")]
    [InlineData("torchyard completion ", "bash fish zsh")]
    [InlineData("torchyard run --network ", "host none private")]
    [InlineData("torchyard run --rm --network=p", "--network=private")]
    [InlineData("torchyard run --gpus ", "all none")]
    [InlineData("torchyard build --compression ", "gzip zstd")]
    [InlineData("torchyard --progress ", "bar none plain")]
    [InlineData("torchyard run --engine d", "docker")]
    [InlineData("torchyard run --rm ", "")]
    [InlineData("torchyard run --read-only ", "")]
    [InlineData("torchyard run image ", "")]
    [InlineData("torchyard run image program --netw", "")]
    [InlineData("torchyard exec container ", "")]
    [InlineData("torchyard exec -it ", "")]
    [InlineData("torchyard logs nosuch ", "")]
    [InlineData("torchyard nosuch ", "")]
    [InlineData("torchyard ps --al", "--all")]
    [InlineData("torchyard \"ps\" --all --qu", "--quiet")]
    public async Task Only_what_can_stand_there_is_offered(string line, string words)
    {
        using var run = new CommandRun();

        Assert.Equal(0, await run.RunAsync("complete", "--", line));

        Assert.Equal(
            words,
            string.Join(
                ' ',
                run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(candidate => candidate.Split('\t')[0])
                    .Order(StringComparer.Ordinal)
            )
        );
    }

    [Fact]
    public async Task Verbs_and_options_say_what_they_are()
    {
        using var run = new CommandRun();

        await run.RunAsync("complete", "--", "torchyard vers");
        Assert.StartsWith("version\t", run.Output, StringComparison.Ordinal);
        await run.RunAsync("complete", "--", "/usr/bin/torchyard version --");
        Assert.Contains("--json\t", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_strangers_recipe_names_is_offered_only_when_no_shell_would_run_it()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Recipe("$(touch stolen).txt", "`id`", "a;b", "a b", "*", "-x", "=x", "new\\nline", "requirements.txt"));

        await run.RunAsync("complete", "--", "torchyard remove ");

        Assert.Equal("requirements.txt\n", run.Output);
    }

    [Fact]
    public async Task Bash_runs_nothing_of_it()
    {
        using var run = new CommandRun();
        await run.RunAsync("completion", "bash");
        run.Write("completion.bash", run.Output);
        var script = run.Write(
            "complete.bash",
            """
            program() { printf '%s\n' 'verb' '$(touch stolen)' '*' 'two words'; }
            . ./completion.bash
            COMP_WORDS=(program "") COMP_LINE='program ' COMP_POINT=8
            _torchyard
            printf '<%s>' "${COMPREPLY[@]}"
            """
        );

        // In the directory that holds what a pattern would find.
        var ended = await HostCommand.RunAsync(
            HostProgram.Require("bash"),
            ["-c", $"cd '{run.Directory}' && . '{script}'"],
            cancellation: TestContext.Current.CancellationToken
        );

        // As the program said it, each one word: no pattern was spread, no command ran.
        Assert.Equal("<verb><$(touch stolen)><*><two words>", ended.Output);
        Assert.False(File.Exists(run.PathOf("stolen")));
    }

    private static string Recipe(params string[] requirements) =>
        $"""
            name = "strange"
            [base]
            suite = "trixie"
            [python]
            requirements = [{string.Join(", ", requirements.Select(text => $"\"{text}\""))}]
            """;
}
