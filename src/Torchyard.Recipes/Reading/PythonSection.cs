using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary><c>[python]</c> of a recipe.</summary>
internal sealed class PythonSection : IRecipeSection
{
    public string Table => "python";

    public Recipe Read(TomlTableReader table, Recipe recipe) => recipe with { Python = Read(table) };

    public void Write(TomlText text, Recipe recipe, string path)
    {
        if (recipe.Python is { } python)
        {
            text.Header(path)
                .Add("packages", python.Packages)
                .Add("requirements", python.Requirements)
                .Add("pyproject", python.Pyproject)
                .Add("pyproject-extras", python.PyprojectExtras)
                .Add("pyproject-groups", python.PyprojectGroups)
                .Add("pylock", python.Pylock)
                .Add("constraints", python.Constraints)
                .Add("indexes", python.Indexes)
                .Add("extra-indexes", python.ExtraIndexes)
                .Add("find-links", python.FindLinks)
                .Add("only-binary", python.OnlyBinary)
                .Add("build-packages", python.BuildPackages);
        }
    }

    private static PythonSettings Read(TomlTableReader table)
    {
        var result = new PythonSettings
        {
            Packages = table.Texts("packages") ?? [],
            Requirements = table.Texts("requirements") ?? [],
            Pyproject = table.Text("pyproject"),
            PyprojectExtras = table.Texts("pyproject-extras") ?? [],
            PyprojectGroups = table.Texts("pyproject-groups") ?? [],
            Pylock = table.Text("pylock"),
            Constraints = table.Texts("constraints") ?? [],
            Indexes = RecipeChecks.Urls(table, "indexes", table.Texts("indexes") ?? []),
            ExtraIndexes = RecipeChecks.Urls(table, "extra-indexes", table.Texts("extra-indexes") ?? []),
            FindLinks = table.Texts("find-links") ?? [],
            OnlyBinary = table.Texts("only-binary") ?? [],
            BuildPackages = RecipeChecks.Packages(table, table.Texts("build-packages") ?? [], "build-packages"),
        };
        table.Finish();
        if (result.Pylock is not null && (result.Packages.Count > 0 || result.Requirements.Count > 0 || result.Pyproject is not null))
        {
            throw table.Wrong(
                "pylock",
                "'pylock' is a finished answer, but other keys of [python] ask for packages too",
                "keep 'pylock', or 'packages', 'requirements' and 'pyproject'",
                "TY1007"
            );
        }

        if (result.PyprojectExtras.Count > 0 && result.Pyproject is null)
        {
            throw table.Wrong("pyproject-extras", "'pyproject-extras' without 'pyproject'", "add pyproject = \"pyproject.toml\"", "TY1007");
        }

        if (result.PyprojectGroups.Count > 0 && result.Pyproject is null)
        {
            throw table.Wrong("pyproject-groups", "'pyproject-groups' without 'pyproject'", "add pyproject = \"pyproject.toml\"", "TY1007");
        }

        for (var i = 0; i < result.Packages.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(result.Packages[i]))
            {
                throw table.WrongItem("packages", i, "a requirement is empty", "remove it", "TY1008");
            }
        }

        return result;
    }
}
