using Torchyard.Flows.Hosts;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Building;

/// <summary>
/// A lock without packages: its image has the supervisor and the settings of the environment alone, and is made without a runtime.
/// </summary>
internal static class EmptyLock
{
    public static RecipeLock Of(Host host, Recipe recipe) =>
        new()
        {
            RecipeDigest = RecipeDigest.Of(recipe, "/"),
            Recipe = recipe,
            SourceDateEpoch = 1_700_000_000,
            Archives = [],
            Packages = [],
            Tools = OwnTools.Of(host, recipe),
        };

    /// <summary>Writes one that is called x.</summary>
    public static void Write(TestHost test, string name) =>
        test.Write(
            name,
            LockText.Write(
                Of(
                    test.Host,
                    new Recipe
                    {
                        Name = "x",
                        Base = new DebianBase { Suite = "trixie" },
                    }
                )
            )
        );
}
