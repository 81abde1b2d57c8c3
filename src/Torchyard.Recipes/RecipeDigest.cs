using System.Text;
using Torchyard.Platform;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>The digest that ties a lock to its recipe: over the canonical form of what decides the image, and the files that it names.</summary>
public static class RecipeDigest
{
    /// <summary>
    /// Digest of a recipe. Limits and the host side of mounts are for running, so they may change without a new lock; comments,
    /// order of keys and order of package names never count.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="directory">Directory of the recipe, where the files that it names are; null for a preset, which names none.</param>
    /// <exception cref="TorchyardException">TY1012: a file that the recipe names cannot be read.</exception>
    public static Digest Of(Recipe recipe, string? directory)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var text = new TomlText();
        RecipeText.Write(text, recipe with
        {
            Packages = [.. recipe.Packages.Order(StringComparer.Ordinal)],
            Limits = new LimitSettings(),
            Mounts = [.. recipe.Mounts.Select(mount => mount with { Source = "", ReadOnly = false }).OrderBy(mount => mount.Target, StringComparer.Ordinal)],
        }, "");
        foreach (var file in Files(recipe))
        {
            text.Comment($"{DigestOf(file, directory)} {file}");
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static IEnumerable<string> Files(Recipe recipe)
    {
        var python = recipe.Python;
        return recipe.Base.Keyrings
            .Concat(python is null ? [] : python.Requirements)
            .Concat(python is null ? [] : python.Constraints)
            .Concat(python?.Pyproject is { } project ? [project] : [])
            .Concat(python?.Pylock is { } pylock ? [pylock] : [])
            .Concat(recipe.Fit?.Fleet is { } fleet ? [fleet] : [])
            .Concat(python is null ? [] : python.Packages.Where(IsLocalFile));
    }

    private static bool IsLocalFile(string requirement) =>
        (requirement.StartsWith('.') || requirement.StartsWith('/'))
        && (requirement.EndsWith(".whl", StringComparison.Ordinal) || LockedSource.IsArchiveName(requirement));

    private static Digest DigestOf(string file, string? directory)
    {
        try
        {
            using var stream = File.OpenRead(Path.GetFullPath(file, directory ?? "/"));
            return Digest.FromHash(System.Security.Cryptography.SHA256.HashData(stream));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new TorchyardException("TY1012", $"the recipe names the file {file}, which cannot be read: {failure.Message.TrimEnd('.')}",
                "correct the path (it is relative to the recipe), or make the file readable", failure)
            {
                IsUsage = true,
            };
        }
    }
}
