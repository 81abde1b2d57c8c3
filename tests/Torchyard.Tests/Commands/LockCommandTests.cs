using System.Text.Json;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;

namespace Torchyard.Tests.Commands;

public sealed class LockCommandTests
{
    private const string Recipe = "name = \"x\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n";

    [Fact]
    public async Task Check_passes_for_the_lock_of_the_recipe_and_names_what_changed_after_it()
    {
        using var run = new CommandRun();
        WriteLock(run, run.Write("torchyard.toml", Recipe));
        Assert.Equal(0, await run.RunAsync("lock", "--check"));
        Assert.Equal("the lock fits the recipe\n", run.Output);

        run.Write("torchyard.toml", Recipe.Replace("\"bash\"", "\"bash\", \"git\"", StringComparison.Ordinal));
        Assert.Equal(1, await run.RunAsync("lock", "--check", "--json"));
        using var document = JsonDocument.Parse(run.Output);
        Assert.False(document.RootElement.GetProperty("fits").GetBoolean());
        Assert.Contains("git", document.RootElement.GetProperty("reasons")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_without_a_lock_fails()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Recipe);
        Assert.Equal(1, await run.RunAsync("lock", "--check"));
        Assert.Contains("there is no lock", run.Output, StringComparison.Ordinal);
        Assert.Contains("torchyard lock", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_locked_refuses_a_missing_and_an_outdated_lock()
    {
        using var run = new CommandRun();
        var file = run.Write("torchyard.toml", Recipe);
        Assert.Equal(2, await run.RunAsync("build", "--locked"));
        Assert.Contains("TY1020", run.Error, StringComparison.Ordinal);
        WriteLock(run, file);
        run.Write("torchyard.toml", Recipe + "[image]\nlevel = 5\n");
        Assert.Equal(2, await run.RunAsync("build", "--locked"));
        Assert.Contains("TY1023", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_python_requirement_that_cannot_be_installed_is_refused_before_anything_is_fetched()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", Recipe + "[python]\npackages = [\"git+ext::sh\"]\n");
        Assert.Equal(2, await run.RunAsync("lock"));
        Assert.Contains("TY2514", run.Error, StringComparison.Ordinal);
        Assert.Contains("torchyard.toml:6:13", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_the_recipe_is_shown_with_its_line()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", "name = \"x\"\npackges = []\n[base]\nsuite = \"trixie\"\n");
        Assert.Equal(2, await run.RunAsync("lock"));
        Assert.Contains("torchyard.toml:2:1\n  2 | packges = []\n    | ^\n  cure: write 'packages'\n", run.Error, StringComparison.Ordinal);
    }

    private static void WriteLock(CommandRun run, string recipeFile)
    {
        var recipe = RecipeReader.ReadFile(recipeFile);
        run.Write(
            "torchyard.lock",
            LockText.Write(
                new RecipeLock
                {
                    RecipeDigest = RecipeDigest.Of(recipe, run.Directory),
                    Recipe = recipe,
                    SourceDateEpoch = 1,
                    Archives = [],
                    Packages = [],
                    Tools = new LockedTools(1, Digest.Of("s"u8), "libzstd 1.5.7"),
                }
            )
        );
    }
}
