using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Adding;

/// <summary>What a recipe names and <c>remove</c> takes out, for the Tab key.</summary>
internal static class RemovablePackages
{
    /// <summary>Names in the recipe of a directory; none when it cannot be read, since completion must never print an error.</summary>
    public static IReadOnlyList<string> In(string directory)
    {
        try
        {
            var recipe = RecipeSource.Find(null, directory).Recipe;
            return
            [
                .. (recipe.Python?.Packages ?? [])
                    .Select(item => Requirement.TryParse(item, out var requirement, out _) ? requirement.Name.ToString() : item)
                    .Concat(recipe.Python?.Requirements ?? [])
                    .Concat(recipe.Packages.Select(package => package.Split('=', ':')[0])),
            ];
        }
        catch (Exception unreadable) when (unreadable is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
