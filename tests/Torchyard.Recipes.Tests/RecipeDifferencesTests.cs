using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

public sealed class RecipeDifferencesTests
{
    private static readonly Recipe Base = Preset.Get("cpu").Recipe;

    [Fact]
    public void Each_key_that_differs_is_a_line()
    {
        var changed = Base with
        {
            Packages = [.. Base.Packages.Where(package => package != "git"), "cowsay"],
            Services = new ServiceSettings { Jupyter = new JupyterSettings(9000) },
            Image = Base.Image with { Environment = new Dictionary<string, string> { ["A"] = "b" } },
        };

        var lines = RecipeDifferences
            .Between(
                Base with
                {
                    Packages = ["git", .. Base.Packages.Where(package => package != "git")],
                    Services = new ServiceSettings { Jupyter = new JupyterSettings(), Ssh = new SshSettings() },
                },
                changed
            )
            .Select(difference => difference.Text)
            .ToList();

        Assert.Contains("packages: cowsay added, git removed", lines);
        Assert.Contains("services.jupyter.port: 9000, was 8888", lines);
        Assert.Contains("services.ssh.port: 2222 removed", lines);
        Assert.Contains("image.environment.A: a variable, which is new", lines);
    }

    [Fact]
    public void No_value_of_a_variable_is_told_neither_the_old_nor_the_new()
    {
        Recipe With(string name, string value) =>
            Base with
            {
                Image = Base.Image with { Environment = new Dictionary<string, string> { [name] = value } },
                Services = new ServiceSettings
                {
                    Own =
                    [
                        new OwnService
                        {
                            Name = "environment",
                            Command = [value],
                            Environment = new Dictionary<string, string> { [name] = value },
                        },
                    ],
                },
            };

        var other = RecipeDifferences.Between(With("TOKEN", "hf_old"), With("TOKEN", "hf_new"));
        var gone = RecipeDifferences.Between(With("TOKEN", "hf_old"), With("NEW", "hf_new"));

        Assert.Equal(
            [
                "image.environment.TOKEN: another value",
                "services.environment.command: hf_new added, hf_old removed",
                "services.environment.environment.TOKEN: another value",
            ],
            other.Select(difference => difference.Text).Order(StringComparer.Ordinal)
        );
        Assert.Contains("image.environment.TOKEN: a variable removed", gone.Select(difference => difference.Text));
    }

    [Fact]
    public void Another_archive_is_a_line()
    {
        var archive = new ArchiveSettings
        {
            Url = "https://a.example",
            Suite = "s",
            Components = ["main"],
            Key = "k",
        };
        Assert.Equal(
            [
                "archives: { url = \"https://a.example\", suite = \"s\", components = [\"main\"], key = \"k\", "
                    + "packages = [\"tool-*\"] } added",
            ],
            RecipeDifferences
                .Between(Base, Base with { Archives = [archive with { Packages = ["tool-*"] }] })
                .Select(difference => difference.Text)
        );
        Assert.Single(
            RecipeDifferences.Between(Base with { Archives = [archive] }, Base with { Archives = [archive with { Key = "other" }] })
        );
    }

    [Fact]
    public void A_recipe_differs_from_itself_in_nothing_and_order_of_packages_limits_and_mounts_do_not_count() =>
        CsCheck.Check.Sample(Samples.Recipes, recipe =>
            RecipeDifferences
                .Between(recipe, recipe with { Packages = [.. recipe.Packages.Reverse()], Limits = new LimitSettings(), Mounts = [] })
                .Count == 0
        );

    /// <summary>What makes another image is told: no key is forgotten.</summary>
    [Fact]
    public void Recipes_that_are_written_otherwise_differ_in_something() =>
        CsCheck.Check.Sample(CsCheck.Gen.Select(Samples.Recipes, Samples.Recipes), (one, other) =>
            Written(one) == Written(other) || RecipeDifferences.Between(one, other).Count > 0
        );

    private static string Written(Recipe recipe) =>
        RecipeText.Write(
            recipe with
            {
                Packages = [.. recipe.Packages.Order(StringComparer.Ordinal)],
                Limits = new LimitSettings(),
                Mounts = [],
            }
        );
}
