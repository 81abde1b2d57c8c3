using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Tests.Commands;

public sealed class InitCommandTests
{
    [Fact]
    public async Task Writes_a_recipe_that_reads_and_is_named_after_the_directory()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("init", "cpu", "--example"));
        var recipe = RecipeReader.ReadFile(run.PathOf("torchyard.toml"));
        Assert.Equal(RecipeName.From(Path.GetFileName(run.Directory), "cpu"), recipe.Name);
        Assert.Contains("python3-torch", recipe.Packages);
        Assert.Contains(
            "DistributedDataParallel",
            await File.ReadAllTextAsync(run.PathOf("train.py"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Contains("torchyard up", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaves_files_that_exist_alone_unless_forced()
    {
        using var run = new CommandRun();
        run.Write("train.py", "mine");
        Assert.Equal(2, await run.RunAsync("init", "cpu", "--example"));
        Assert.Contains("TY1014: there is already a train.py here", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(run.PathOf("torchyard.toml")));
        Assert.Equal(0, await run.RunAsync("init", "cpu", "--example", "--force"));
        Assert.NotEqual("mine", await File.ReadAllTextAsync(run.PathOf("train.py"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("init cpu --example", "train.py")]
    [InlineData("init cpu --example cnn", "train.py")]
    [InlineData("init cpu --example gpt", "gpt.py")]
    [InlineData("init --example gpt cpu", "gpt.py")]
    // As it was before there were two.
    [InlineData("init --example cpu", "train.py")]
    public async Task An_example_is_named_or_is_the_small_one(string line, string file)
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync(line.Split(' ')));
        Assert.Equal([file], Directory.GetFiles(run.Directory, "*.py").Select(Path.GetFileName));
        Assert.Contains("wrote torchyard.toml from the preset 'cpu'", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("init cpu --example gtp")]
    [InlineData("init cpu --example minimal")]
    public async Task An_example_that_does_not_exist_is_a_mistake_of_the_command_line(string line)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync(line.Split(' ')));
        Assert.Contains("TY1059: there is no example '", run.Error, StringComparison.Ordinal);
        Assert.Contains("cnn, gpt", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(run.PathOf("torchyard.toml")));
    }

    [Fact]
    public void The_transformer_can_be_read_in_one_sitting()
    {
        var lines = TrainingExample.Gpt.Read().Split('\n');
        Assert.InRange(lines.Count(line => line.Trim().Length > 0), 300, 499);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 140));
    }

    [Fact]
    public async Task A_file_for_dev_containers_is_written_of_the_recipe_that_is_here_and_leaves_it_alone()
    {
        using var run = new CommandRun();
        var recipe = "name = \"mine\"\n[base]\nsuite = \"trixie\"\n";
        run.Write("torchyard.toml", recipe);

        Assert.Equal(0, await run.RunAsync("init", "--devcontainer"));

        var file = run.PathOf(".devcontainer/devcontainer.json");
        Assert.Contains(
            "localhost/torchyard/mine:latest",
            await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Equal(recipe, await File.ReadAllTextAsync(run.PathOf("torchyard.toml"), TestContext.Current.CancellationToken));
        Assert.Equal(2, await run.RunAsync("init", "--devcontainer"));
        Assert.Contains("there is already a .devcontainer/devcontainer.json here", run.Error, StringComparison.Ordinal);

        // What the cure says costs nobody their recipe.
        Assert.Equal(0, await run.RunAsync("init", "--devcontainer", "--force"));
        Assert.Equal(recipe, await File.ReadAllTextAsync(run.PathOf("torchyard.toml"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_file_for_dev_containers_that_would_take_a_variable_past_the_question_is_not_written()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", "name = \"mine\"\n[base]\nsuite = \"trixie\"\n[environment]\nA = \"${localEnv:SECRET}\"\n");

        Assert.Equal(2, await run.RunAsync("init", "--devcontainer"));

        Assert.Contains("TY4125", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.PathOf(".devcontainer")));
    }

    [Fact]
    public async Task An_unknown_preset_is_a_mistake_of_the_command_line()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("init", "cpuu"));
        Assert.Contains("did you mean 'cpu'?", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h100", "2.11", "trixie")]
    [InlineData("ampere+hopper", "2.8", "trixie")]
    // Debian 13 has Python 3.13, which PyTorch 2.5 has no stable wheels for.
    [InlineData("a100", "2.5", "bookworm")]
    public async Task A_preset_with_cuda_takes_a_pytorch_line(string preset, string torch, string suite)
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("init", preset, "--torch", torch));
        var recipe = RecipeReader.ReadFile(run.PathOf("torchyard.toml"));
        Assert.Equal((torch, suite), (recipe.Fit!.Torch, recipe.Base.Suite));
        Assert.Equal(RecipeName.From(Path.GetFileName(run.Directory), "x"), recipe.Name);
    }

    [Theory]
    [InlineData("h100", "two", "TY5204")]
    [InlineData("cpu", "2.9", "TY1015")]
    public async Task A_pytorch_line_that_cannot_be_is_a_mistake_of_the_command_line(string preset, string torch, string code)
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("init", preset, "--torch", torch));
        Assert.Contains(code, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Presets_complete()
    {
        using var run = new CommandRun();
        await run.RunAsync("complete", "--", "torchyard init m");
        Assert.Equal("minimal\n", run.Output);
    }
}
