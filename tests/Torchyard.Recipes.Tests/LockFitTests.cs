using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

public sealed class LockFitTests
{
    private static readonly Recipe Recipe = new()
    {
        Name = "x",
        Packages = ["bash"],
        Base = new DebianBase { Suite = "trixie" },
    };

    [Fact]
    public void A_lock_fits_the_recipe_that_it_was_made_for()
    {
        LockFit.Require(Lock(Recipe), Recipe, null, "torchyard.lock");
        LockFit.Require(Lock(Recipe), Recipe with { Limits = new LimitSettings { Cpus = 2 } }, null, "torchyard.lock");
    }

    [Fact]
    public void Nothing_of_what_a_recipe_sets_or_passes_on_when_it_runs_is_in_its_lock()
    {
        var recipe = Recipe with
        {
            Environment = new EnvironmentSettings
            {
                Variables = new Dictionary<string, string> { ["EPOCHS"] = "3" },
                Pass = [new PassedVariable("HF_TOKEN", Optional: false)],
            },
            Caches = [SharedCache.Find("pip")!],
        };

        // An ordinary user's build reads the lock from a file, and must find the image under the same key.
        Assert.Equal(LockText.Write(Lock(Recipe)), LockText.Write(Lock(recipe)));
        Assert.True(Lock(recipe).Recipe.Environment.IsEmpty);
        LockFit.Require(Lock(Recipe), recipe, null, "torchyard.lock");
    }

    [Fact]
    public void What_changed_is_named()
    {
        var error = Assert.Throws<TorchyardException>(() =>
            LockFit.Require(
                Lock(Recipe),
                Recipe with
                {
                    Packages = ["git"],
                    Base = Recipe.Base with { Suite = "forky" },
                },
                null,
                "torchyard.lock"
            )
        );
        Assert.Equal("TY1023", error.Code);
        Assert.True(error.IsUsage);
        Assert.Contains("asks for git", error.Message, StringComparison.Ordinal);
        Assert.Contains("made with bash", error.Message, StringComparison.Ordinal);
        Assert.Contains("base.suite was trixie and is now forky", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_without_a_program_is_refused()
    {
        var recipe = Recipe with { Services = new ServiceSettings { Ssh = new SshSettings() } };
        var error = Assert.Throws<TorchyardException>(() => LockFit.RequireServices(Lock(recipe)));
        Assert.Equal("TY1013", error.Code);
        Assert.Contains("openssh-server", error.Cure, StringComparison.Ordinal);
        LockFit.RequireServices(Lock(Recipe));
    }

    private static RecipeLock Lock(Recipe recipe) =>
        new()
        {
            RecipeDigest = RecipeDigest.Of(recipe, null),
            Recipe = recipe,
            SourceDateEpoch = 0,
            Archives = [],
            Packages = [],
            Tools = new LockedTools(1, Digest.Of("s"u8), "libzstd 1.5.7"),
        };
}
