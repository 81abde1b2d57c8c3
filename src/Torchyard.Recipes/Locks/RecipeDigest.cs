using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Recipes.Locks;

/// <summary>
/// The digest that ties a lock to its recipe: over the canonical form of what decides the image, and the files that it names.
/// </summary>
public static class RecipeDigest
{
    // A pylock.toml may be as large.
    private const long LargestFile = 64 << 20;

    /// <summary>
    /// Digest of a recipe. Limits, the environment, caches and the host side of mounts are for running, so they may change without a
    /// new lock; comments, order of keys and order of package names never count.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="directory">Directory of the recipe, where the files that it names are; null for a preset, which names none.</param>
    /// <exception cref="TorchyardException">TY1012: a file that the recipe names cannot be read.</exception>
    public static Digest Of(Recipe recipe, string? directory) => Of(recipe, new ProjectFiles(directory ?? "/"));

    /// <summary>Digest of a recipe with its files, of which it is told once what they hold.</summary>
    /// <exception cref="TorchyardException">TY1012: a file that the recipe names cannot be read; TY1043: it is outside the project, and
    /// nobody allowed that.</exception>
    public static Digest Of(RecipeSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Of(source.Recipe, source.Files);
    }

    private static Digest Of(Recipe recipe, ProjectFiles files)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var text = new TomlText();
        RecipeText.Write(
            text,
            recipe.OfImage() with
            {
                Packages = [.. recipe.Packages.Order(StringComparer.Ordinal)],
                Mounts =
                [
                    .. recipe
                        .Mounts.Select(mount => mount with { Source = "", ReadOnly = false })
                        .OrderBy(mount => mount.Target, StringComparer.Ordinal),
                ],
            },
            ""
        );
        foreach (var file in Named(recipe))
        {
            // Keyrings may be binary; what git makes of the line ends of the others is not a change.
            text.Comment($"{DigestOf(file, isText: !recipe.Base.Keyrings.Contains(file), files)} {file}");
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static IEnumerable<string> Named(Recipe recipe)
    {
        var python = recipe.Python;
        return recipe
            .Base.Keyrings.Concat(python is null ? [] : python.Requirements)
            .Concat(python is null ? [] : python.Constraints)
            .Concat(python?.Pyproject is { } project ? [project] : [])
            .Concat(python?.Pylock is { } pylock ? [pylock] : [])
            .Concat(recipe.Fit?.Fleet is { } fleet ? [fleet] : [])
            .Concat(python is null ? [] : python.Packages.Where(IsLocalFile));
    }

    private static bool IsLocalFile(string requirement) =>
        (requirement.StartsWith('.') || requirement.StartsWith('/'))
        && (requirement.EndsWith(".whl", StringComparison.Ordinal) || LockedSource.IsArchiveName(requirement));

    private static Digest DigestOf(string file, bool isText, ProjectFiles files)
    {
        try
        {
            if (!IsLocalFile(file))
            {
                return Digest.Of(
                    isText ? PlainLines.LineFeeds(PlainLines.WithoutMark(files.Read(file, LargestFile))) : files.Read(file, LargestFile)
                );
            }

            // Wheels and archives may be large.
            using var stream = files.Open(file);
            return Digest.FromHash(System.Security.Cryptography.SHA256.HashData(stream));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            throw new TorchyardException(
                "TY1012",
                $"the recipe names the file {file}, which cannot be read: {failure.Message.TrimEnd('.')}",
                "correct the path (it is relative to the recipe), or make the file readable",
                failure
            )
            {
                IsUsage = true,
            };
        }
    }
}
