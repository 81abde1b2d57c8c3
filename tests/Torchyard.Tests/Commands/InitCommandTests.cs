using Torchyard.Recipes;

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
        Assert.Contains("DistributedDataParallel", await File.ReadAllTextAsync(run.PathOf("train.py"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
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

    [Fact]
    public async Task An_unknown_preset_is_a_mistake_of_the_command_line()
    {
        using var run = new CommandRun();
        Assert.Equal(2, await run.RunAsync("init", "cpuu"));
        Assert.Contains("did you mean 'cpu'?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Presets_complete()
    {
        using var run = new CommandRun();
        await run.RunAsync("complete", "--", "torchyard init m");
        Assert.Equal("minimal\n", run.Output);
    }
}
