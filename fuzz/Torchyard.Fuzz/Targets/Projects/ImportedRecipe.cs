using Torchyard.Flows.Importing;
using Torchyard.Recipes.Drafts;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Sources;

namespace Torchyard.Fuzz.Targets.Projects;

/// <summary>What a stranger's file becomes by <c>init --from</c>, and what must hold for it.</summary>
internal static class ImportedRecipe
{
    /// <summary>Translates a file.</summary>
    /// <param name="input">Its content.</param>
    /// <param name="name">Its name.</param>
    /// <param name="add">Translates it.</param>
    /// <param name="require">Fails when something does not hold.</param>
    public static object Of(byte[] input, string name, Action<Import, string> add, Action<bool, string> require)
    {
        // Alone there: what it names beside it is missing, whatever other targets left.
        var directory = InputFile.EmptyDirectory();
        var path = Path.Combine(directory, name);
        File.WriteAllBytes(path, input);
        var import = new Import(new RecipeDraft { Name = "a", Origin = name }, new ProjectFiles(directory), directory);
        add(import, path);
        import.Suite.Settle(import);
        var text = import.Draft.Write();
        require(!text.Any(letter => char.IsControl(letter) && letter is not '\n'), "a control character stands in the recipe");
        var recipe = RecipeReader.Read(Bytes.Of(text), "torchyard.toml");
        require(recipe.Mounts.Count == 0 && recipe.Base.Mirrors.Count == 0, "a file asked for more than packages");
        return (text, import.Rows.Select(row => row.ToString()).ToList(), import.Gaps.Select(gap => gap.ToString()).ToList());
    }
}
