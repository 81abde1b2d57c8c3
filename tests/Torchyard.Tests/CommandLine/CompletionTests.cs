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
}
