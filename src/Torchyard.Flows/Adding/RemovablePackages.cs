using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Adding;

/// <summary>What a recipe names and <c>remove</c> takes out, for the Tab key.</summary>
internal static class RemovablePackages
{
    /// <summary>Names in a recipe; none when it cannot be read, since completion must never print an error.</summary>
    /// <param name="directory">The working directory.</param>
    /// <param name="recipe">What <c>--recipe</c> names; null without.</param>
    public static IReadOnlyList<string> In(string directory, string? recipe)
    {
        try
        {
            var named = RecipeSource.Find(recipe, directory).Recipe;
            return
            [
                .. (named.Python?.Packages ?? [])
                    .Select(item => Requirement.TryParse(item, out var requirement, out _) ? requirement.Name.ToString() : item)
                    .Concat(named.Python?.Requirements ?? [])
                    .Concat(named.Packages.Select(PackageFile.NameOf)),
            ];
        }
        catch (Exception unreadable) when (unreadable is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
