using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests.Steps;

/// <summary><c>[[files]]</c> and <c>[[run]]</c> of a recipe.</summary>
public sealed class StepsReaderTests
{
    private const string Smallest = "name = \"x\"\n[base]\nsuite = \"trixie\"\n";

    [Fact]
    public void Files_and_commands_are_read_in_their_order()
    {
        var recipe = Read(
            """
            [[files]]
            source = "./app.toml"
            target = "/etc//app/app.toml"
            [[files]]
            source = "tools"
            target = "/opt/tools/"
            mode = "0750"
            [[run]]
            name = "the solver"
            command = "make"
            [run.environment]
            CC = "gcc"
            [[run]]
            command = ["ldconfig", "-v"]
            """
        );

        Assert.Equal(
            [new FilesSetting("./app.toml", "/etc/app/app.toml"), new FilesSetting("tools", "/opt/tools") { Mode = 0x1E8 }],
            recipe.Files
        );
        Assert.Equal(["the solver", null], recipe.Run.Select(step => step.Name));
        Assert.Equal(["/bin/sh", "-ec", "make"], recipe.Run[0].Command);
        Assert.Equal("gcc", recipe.Run[0].Environment["CC"]);
        Assert.Equal(["ldconfig", "-v"], recipe.Run[1].Command);
        Assert.Empty(recipe.Run[1].Environment);
        Assert.Equal(("make", "ldconfig -v"), (recipe.Run[0].Text, recipe.Run[1].Title));
    }

    [Theory]
    [InlineData("source = \"\"\ntarget = \"/a\"", "TY1005", 5, "'' cannot be a path")]
    [InlineData("source = \"~/a\"\ntarget = \"/a\"", "TY1005", 5, "begins with what a shell would replace")]
    [InlineData("source = \"a\"\ntarget = \"etc/a\"", "TY1005", 6, "is not absolute")]
    [InlineData("source = \"a\"\ntarget = \"/etc/../a\"", "TY1005", 6, "has '..'")]
    [InlineData("source = \"a\"\ntarget = \"/proc/x\"", "TY1005", 6, "is the kernel's")]
    [InlineData("source = \"a\"\ntarget = \"/dev\"", "TY1005", 6, "is the kernel's")]
    [InlineData("source = \"a\"\ntarget = \"/var/lib/dpkg/status\"", "TY1005", 6, "belongs to the package manager")]
    [InlineData("source = \"a\"\ntarget = \"/usr/lib/torchyard/supervisor\"", "TY1005", 6, "belongs to the environment itself")]
    [InlineData("source = \"a\"\ntarget = \"/workspace/a\"", "TY1005", 6, "is mounted over")]
    [InlineData("source = \"a\"\ntarget = \"/a\"\nmode = \"4755\"", "TY1005", 7, "'4755' is not a mode")]
    [InlineData("source = \"a\"\ntarget = \"/a\"\nmode = \"0888\"", "TY1005", 7, "'0888' is not a mode")]
    [InlineData("source = \"a\"\ntarget = \"/a\"\nmode = 420", "TY1004", 7, "is a whole number")]
    [InlineData("source = \"a\"", "TY1006", 4, "'files.target' is missing")]
    [InlineData("source = \"a\"\ntarget = \"/a\"\nowner = \"x\"", "TY1002", 7, "no key 'owner'")]
    [InlineData(
        "source = \"a\"\ntarget = \"/a\"\n[[files]]\nsource = \"b\"\ntarget = \"/a/\"",
        "TY1007",
        9,
        "two [[files]] have the target /a"
    )]
    public void A_mistake_in_files_is_told_where_it_is_and_with_a_cure(string text, string code, int line, string message)
    {
        var error = Assert.Throws<TorchyardException>(() => Read("[[files]]\n" + text + "\n"));

        Assert.Equal((code, line), (error.Code, error.Location?.Line));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Cure);
    }

    [Theory]
    [InlineData("command = \"\"", "TY1005", 5, "no command")]
    [InlineData("command = []", "TY1005", 5, "no command")]
    [InlineData("name = \"x\"", "TY1006", 4, "no command")]
    [InlineData("command = \"a\\u0000\"", "TY1005", 5, "zero byte")]
    [InlineData("command = \"a\"\nname = \"a\\nb\"", "TY1005", 6, "the name of a step")]
    [InlineData("command = \"a\"\nenvironment = { \"1\" = \"a\" }", "TY1005", 6, "'1' cannot be an environment variable")]
    [InlineData("command = \"a\"\nnetwork = true", "TY1002", 6, "no key 'network'")]
    public void A_mistake_in_a_step_is_told_where_it_is_and_with_a_cure(string text, string code, int line, string message)
    {
        var error = Assert.Throws<TorchyardException>(() => Read("[[run]]\n" + text + "\n"));

        Assert.Equal((code, line), (error.Code, error.Location?.Line));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Cure);
    }

    [Fact]
    public void Line_ends_that_git_made_are_no_part_of_a_command() =>
        Assert.Equal("a\nb\n", Read("[[run]]\r\ncommand = '''\r\na\r\nb\r\n'''\r\n").Run[0].Text);

    [Fact]
    public void A_title_is_one_short_line_whatever_the_command_is()
    {
        var step = new RunStep { Command = RunStep.OfText("set -x\n\tmake " + new string('x', 100) + "\n") };
        Assert.Equal(60, step.Title.Length);
        Assert.StartsWith("set -x make xxx", step.Title, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_step_command_and_variables_count_and_the_name_does_not()
    {
        var step = new RunStep { Command = ["a", "b"] };
        RunStep[] others =
        [
            step,
            new() { Command = ["a b"] },
            new() { Command = RunStep.OfText("a b") },
            step with
            {
                Environment = new Dictionary<string, string> { ["A"] = "b" },
            },
        ];
        Assert.Equal(others.Length, others.Select(other => other.Digest).Distinct().Count());
        Assert.Equal(step.Digest, (step with { Name = "x" }).Digest);
    }

    private static Recipe Read(string text) => RecipeReader.Read(Encoding.UTF8.GetBytes(Smallest + text), "r.toml");
}
