using System.Text.Json;
using Torchyard.CommandLine;
using Torchyard.Commands;

namespace Torchyard.Tests.CommandLine;

public sealed class ApplicationTests
{
    [Fact]
    public async Task An_unknown_verb_exits_2_with_a_suggestion_and_leaves_standard_output_empty()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("versoin"));
        Assert.Empty(run.Output);
        Assert.Contains("error TY9001: there is no verb 'versoin'", run.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean 'version'?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_option_names_the_nearest_one()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("version", "--jsno"));
        Assert.Contains("'torchyard version' has no option '--jsno'", run.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean '--json'?", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--memory", "run", "--memry", "1g", "cpu")]
    [InlineData("--memory", "run", "--memry", "1g", "cpu", "ls", "-l")]
    [InlineData("--locked", "build", "--lockd")]
    [InlineData("--time", "stop", "--tme", "3", "x")]
    public async Task An_unknown_option_is_not_taken_for_an_image_or_a_recipe(string nearest, params string[] arguments)
    {
        using var run = new CommandRun();
        Assert.Equal(arguments[0] == "run" ? 125 : 2, await run.RunAsync(arguments));
        Assert.Contains($"has no option '{arguments[1]}'", run.Error, StringComparison.Ordinal);
        Assert.Contains($"did you mean '{nearest}'?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_an_error_is_one_json_line_on_standard_error()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("version", "--json", "surplus"));
        Assert.Empty(run.Output);
        using var document = JsonDocument.Parse(run.Error);
        Assert.Equal("TY9001", document.RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("bogus", "--json")]
    [InlineData("--json", "bogus")]
    [InlineData("completion", "bash", "--json")]
    [InlineData("ps", "--json", "--bogus")]
    public async Task Who_asks_for_json_reads_json_whatever_else_is_wrong(params string[] arguments)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync(arguments));
        using var document = JsonDocument.Parse(run.Error);
        Assert.Equal("TY9001", document.RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_argument_of_the_users_program_does_not_ask_for_json()
    {
        using var run = new CommandRun();
        Assert.Equal(125, await run.RunAsync("run", "noimage", "program", "--json"));
        Assert.StartsWith("error TY3010", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_letter_is_no_misspelling_of_another()
    {
        using var run = new CommandRun();
        await run.RunAsync("ps", "-x");
        Assert.DoesNotContain("did you mean", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_run_lists_as_help_shows_help()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("run", "-h"));
        Assert.Contains("  -h, --hostname NAME", run.Output, StringComparison.Ordinal);
        Assert.Contains("      --help ", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await run.RunAsync("ps", "-h"));
        Assert.Contains("  -h, --help ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_verb_without_json_refuses_json()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("completion", "bash", "--json"));
    }

    [Fact]
    public async Task The_store_option_wins_over_the_environment_and_is_relative_to_the_caller()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("version", "--json", "--store", "mine"));
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(run.PathOf("mine"), document.RootElement.GetProperty("store").GetString());
    }

    [Fact]
    public async Task No_arguments_show_every_visible_verb()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync());
        foreach (var verb in CommandTree.Build(new GlobalOptions()).Subcommands.Where(verb => !verb.Hidden))
        {
            Assert.Contains($"  {verb.Name} ", run.Output, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string> Verbs =>
        [.. CommandTree.Build(new GlobalOptions()).Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_explains_itself_with_examples_that_parse(string name)
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync(name, "--help"));
        Assert.Contains("Examples:", run.Output, StringComparison.Ordinal);
        var root = CommandTree.Build(new GlobalOptions());
        var verb = (Verb)root.Subcommands.Single(verb => verb.Name == name);
        Assert.DoesNotContain('.', verb.Description![^1..]);
        Assert.All(verb.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), option.Name));
        foreach (var example in verb.Examples.Where(example => example.CommandLine.StartsWith("torchyard ", StringComparison.Ordinal)))
        {
            var words = example.CommandLine["torchyard ".Length..].Split([" > ", " | ", " && ", " #"], StringSplitOptions.None)[0];
            Assert.Empty(root.Parse(words).Errors);
        }
    }

    [Fact]
    public async Task An_argument_that_starts_with_an_at_sign_is_no_response_file()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("completion", "@nowhere"));
        Assert.Contains("'@nowhere'", run.Error, StringComparison.Ordinal);
    }
}
