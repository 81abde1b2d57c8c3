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
    public static Digest Of(Recipe recipe, string? directory)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return Of(recipe, new ProjectFiles(directory ?? "/"), recipeFile: null);
    }

    /// <summary>Digest of a recipe with its files, of which it is told once what they hold.</summary>
    /// <exception cref="TorchyardException">TY1012: a file that the recipe names cannot be read; TY1043: it is outside the project, and
    /// nobody allowed that.</exception>
    public static Digest Of(RecipeSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return Of(source.Recipe, source.Files, source.File);
    }

    /// <summary>Digest of a package file that the recipe names, or of another file as it is.</summary>
    /// <exception cref="TorchyardException">As <see cref="Of(RecipeSource)"/>.</exception>
    internal static Digest OfFile(RecipeSource source, string file, string place) =>
        DigestOf(new NamedFile(file, place, IsText: false), source.Files, source.File);

    /// <summary>
    /// Digest that a recipe would have with the steps of a lock, <c>[[files]]</c> and <c>[[run]]</c>, in place of its own: the lock's where
    /// only they differ.
    /// </summary>
    internal static Digest WithStepsOf(RecipeLock locked, RecipeSource source) =>
        Of(source.Recipe with { Files = locked.Recipe.Files, Run = locked.Recipe.Run }, source.Files, source.File, locked.Files);

    private static Digest Of(Recipe recipe, ProjectFiles files, string? recipeFile) =>
        Of(recipe, files, recipeFile, LockedProjectFile.Of(recipe, files));

    private static Digest Of(Recipe recipe, ProjectFiles files, string? recipeFile, IReadOnlyList<LockedProjectFile> own)
    {
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
            // What git makes of the line ends of texts is not a change.
            text.Comment($"{DigestOf(file, files, recipeFile)} {file.Path}");
        }

        foreach (var file in own)
        {
            // As it is: what the image gets is bytes.
            text.Comment($"{file.Sha256} {FilesSetting.Text(file.Mode)} {file.Source} {file.Target}");
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static IEnumerable<NamedFile> Named(Recipe recipe)
    {
        var python = recipe.Python;
        return Listed("base.keyrings", recipe.Base.Keyrings, isText: false)
            .Concat(Listed("python.requirements", python?.Requirements ?? []))
            .Concat(Listed("python.constraints", python?.Constraints ?? []))
            .Concat(One("python.pyproject", python?.Pyproject))
            .Concat(One("python.pylock", python?.Pylock))
            .Concat(One("fit.fleet", recipe.Fit?.Fleet))
            .Concat(Listed("python.packages", python?.Packages ?? []).Where(file => IsLocalFile(file.Path)))
            .Concat(
                Listed("packages", recipe.Packages, isText: false)
                    .Where(file => PackageFile.IsPath(file.Path))
                    .OrderBy(file => file.Path, StringComparer.Ordinal)
            )
            .Concat(recipe.Archives.Select((archive, i) => new NamedFile(archive.Key, $"archives[{i}].key", IsText: false)));

        static IEnumerable<NamedFile> Listed(string place, IReadOnlyList<string> files, bool isText = true) =>
            files.Select((file, i) => new NamedFile(file, $"{place}[{i}]", isText));

        static IEnumerable<NamedFile> One(string place, string? file) => file is null ? [] : [new NamedFile(file, place, IsText: true)];
    }

    private static bool IsLocalFile(string requirement) =>
        (requirement.StartsWith('.') || requirement.StartsWith('/'))
        && (requirement.EndsWith(".whl", StringComparison.Ordinal) || LockedSource.IsArchiveName(requirement));

    private static Digest DigestOf(NamedFile file, ProjectFiles files, string? recipeFile)
    {
        try
        {
            if (!IsLocalFile(file.Path) && !PackageFile.IsPath(file.Path))
            {
                var content = files.Read(file.Path, LargestFile);
                return Digest.Of(file.IsText ? PlainLines.LineFeeds(PlainLines.WithoutMark(content)) : content);
            }

            // Wheels, archives and packages may be large.
            using var stream = files.Open(file.Path);
            return Digest.FromHash(System.Security.Cryptography.SHA256.HashData(stream));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            throw new TorchyardException(
                "TY1012",
                $"the recipe names the file {file.Path}, which cannot be read: {failure.Message.TrimEnd('.')}",
                "correct the path (it is relative to the recipe), or make the file readable",
                failure
            )
            {
                IsUsage = true,
                Location = RecipePlaces.Of(recipeFile, file.Place),
            };
        }
    }

    /// <param name="Path">The file as the recipe has it.</param>
    /// <param name="Place">The key that has it (<see cref="RecipePlaces"/>).</param>
    /// <param name="IsText">Line ends do not count.</param>
    private sealed record NamedFile(string Path, string Place, bool IsText);
}
