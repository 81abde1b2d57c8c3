using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Recipes.Locks;

/// <summary>Does a lock answer a recipe?</summary>
public static class LockFit
{
    /// <summary>True when the lock was made for a recipe that asks for the same image.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="recipe">The recipe as it is now.</param>
    /// <param name="directory">Directory of the recipe; null for a preset.</param>
    public static bool Fits(RecipeLock locked, Recipe recipe, string? directory)
    {
        ArgumentNullException.ThrowIfNull(locked);
        return locked.RecipeDigest == RecipeDigest.Of(recipe, directory);
    }

    /// <summary>True when the lock was made for this recipe as it is, its files included.</summary>
    public static bool Fits(RecipeLock locked, RecipeSource source)
    {
        ArgumentNullException.ThrowIfNull(locked);
        return locked.RecipeDigest == RecipeDigest.Of(source);
    }

    /// <summary>
    /// True when the lock was made for this recipe but for files and commands of its own, which only have to be locked anew.
    /// </summary>
    public static bool FitsButForSteps(RecipeLock locked, RecipeSource source)
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(source);
        return locked.RecipeDigest == RecipeDigest.WithStepsOf(locked, source);
    }

    /// <summary>
    /// True when a recipe asks for the same Debian packages from the same archives as the lock has, and the files that it names for that
    /// are the same.
    /// </summary>
    /// <exception cref="TorchyardException">TY1012: a file cannot be read.</exception>
    public static bool AsksForTheSameSystem(RecipeLock locked, RecipeSource source)
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(source);
        var recipe = source.Recipe;
        return Text(locked.Recipe) == Text(recipe)
            && recipe.Packages.Index().All(item => !PackageFile.IsPath(item.Item) || HasFile(item.Item, $"packages[{item.Index}]"))
            && recipe.Archives.Index().All(item => HasKey(item.Item, $"archives[{item.Index}].key"));

        bool HasFile(string path, string place) =>
            locked.Packages.FirstOrDefault(package => package.Path == path) is { } package
            && package.Sha256 == RecipeDigest.OfFile(source, path, place);

        bool HasKey(ArchiveSettings archive, string place) =>
            locked.Archives.FirstOrDefault(one => one.Id == archive.Id) is { } one
            && one.KeyDigest == RecipeDigest.OfFile(source, archive.Key, place);

        static string Text(Recipe recipe) =>
            RecipeText.Write(
                new Recipe
                {
                    Name = "x",
                    Base = recipe.Base,
                    Packages = [.. recipe.Packages.Order(StringComparer.Ordinal)],
                    Archives = recipe.Archives,
                    Recommends = recipe.Recommends,
                }
            );
    }

    /// <summary>As below, with the files of the project that are not what the lock has.</summary>
    public static IReadOnlyList<string> Differences(RecipeLock locked, RecipeSource source)
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(source);
        var before = locked.Files.ToDictionary(file => file.Target, StringComparer.Ordinal);
        var now = LockedProjectFile.Of(source.Recipe, source.Files).ToDictionary(file => file.Target, StringComparer.Ordinal);
        return
        [
            .. Differences(locked, source.Recipe),
            .. now
                .Values.Where(file => before.TryGetValue(file.Target, out var old) && old != file)
                .Select(file => $"{file.Source} changed"),
            .. now.Values.Where(file => !before.ContainsKey(file.Target)).Select(file => $"{file.Source} is new"),
            .. before.Values.Where(file => !now.ContainsKey(file.Target)).Select(file => $"{file.Source} is not there any more"),
        ];
    }

    /// <summary>What a recipe asks for that its lock does not have, as sentences for people; empty when only settings differ.</summary>
    public static IReadOnlyList<string> Differences(RecipeLock locked, Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(recipe);
        var before = locked.Recipe;
        var lines = new List<string>();
        lines.AddRange(
            recipe
                .Packages.Except(before.Packages, StringComparer.Ordinal)
                .Select(package => $"the recipe asks for {package}, the lock was made without it")
        );
        lines.AddRange(
            before
                .Packages.Except(recipe.Packages, StringComparer.Ordinal)
                .Select(package => $"the lock was made with {package}, which the recipe no longer asks for")
        );
        lines.AddRange(
            recipe
                .Archives.Where(archive => before.Archives.All(old => old.Id != archive.Id))
                .Select(archive => $"the recipe has the archive {archive.Id}, the lock was made without it")
        );
        lines.AddRange(
            before
                .Archives.Where(old => recipe.Archives.All(archive => archive.Id != old.Id))
                .Select(old => $"the lock was made with the archive {old.Id}, which the recipe no longer has")
        );
        Compare(Build(before), Build(recipe), "python.build-packages");
        Compare(before.Name, recipe.Name, "name");
        Compare(OrNone(before.Base.Suite), OrNone(recipe.Base.Suite), "base.suite");
        Compare(before.Base.Image ?? "none", recipe.Base.Image ?? "none", "base.image");
        Compare(before.Base.Snapshot ?? "none", recipe.Base.Snapshot ?? "none", "base.snapshot");
        Compare(before.Base.Architecture, recipe.Base.Architecture, "base.architecture");
        Compare(
            before.Image.Compression.ToString().ToLowerInvariant(),
            recipe.Image.Compression.ToString().ToLowerInvariant(),
            "image.compression"
        );
        if (!before.Run.Select(step => step.Digest).SequenceEqual(recipe.Run.Select(step => step.Digest)))
        {
            lines.Add("the commands of [[run]] are others");
        }

        return lines;

        static string OrNone(string text) => text.Length > 0 ? text : "none";

        static string Build(Recipe recipe) =>
            recipe.Python is { BuildPackages: { Count: > 0 } packages } ? string.Join(' ', packages.Order(StringComparer.Ordinal)) : "none";

        void Compare(string old, string now, string key)
        {
            if (old != now)
            {
                lines.Add($"{key} was {old} and is now {now}");
            }
        }
    }

    /// <summary>Refuses a lock that does not answer its recipe.</summary>
    /// <exception cref="TorchyardException">TY1023: the recipe changed after it was locked.</exception>
    public static void Require(RecipeLock locked, RecipeSource source, string lockFile)
    {
        ArgumentNullException.ThrowIfNull(source);
        Require(Fits(locked, source), () => Differences(locked, source), lockFile);
    }

    /// <summary>As above, for a recipe in a directory.</summary>
    /// <exception cref="TorchyardException">TY1023.</exception>
    public static void Require(RecipeLock locked, Recipe recipe, string? directory, string lockFile) =>
        Require(Fits(locked, recipe, directory), () => Differences(locked, recipe), lockFile);

    private static void Require(bool fits, Func<IReadOnlyList<string>> reasons, string lockFile)
    {
        if (!fits)
        {
            var differences = reasons();
            throw new TorchyardException(
                "TY1023",
                $"the recipe changed after {lockFile} was "
                    + $"written{(differences.Count > 0 ? ": " + string.Join("; ", differences.Take(5)) : "")}",
                "run 'torchyard lock'"
            )
            {
                IsUsage = true,
            };
        }
    }

    /// <summary>Refuses a lock in which nothing provides what a service needs.</summary>
    /// <exception cref="TorchyardException">TY1013: a service has no program.</exception>
    public static void RequireServices(RecipeLock locked)
    {
        ArgumentNullException.ThrowIfNull(locked);
        var services = locked.Recipe.Services;
        if (
            services.Jupyter is not null
            // What an environment of a base image has is seen when it starts.
            && locked.Base?.Programs is null
            && !Has("python3-notebook", "python3-jupyter-server", "jupyter-notebook", "jupyterlab", "notebook", "jupyter-server")
        )
        {
            throw Missing("jupyter", "a Jupyter server", "jupyter-notebook");
        }

        if (services.Ssh is not null && !Has("openssh-server"))
        {
            throw Missing("ssh", "an SSH server", "openssh-server");
        }

        bool Has(params string[] names) =>
            locked.Packages.Any(package => names.Contains(package.Name))
            || (locked.Base?.Packages.Any(package => names.Contains(package.Name)) ?? false)
            || (locked.Python?.Packages.Any(package => names.Contains(package.Name)) ?? false);

        static TorchyardException Missing(string service, string what, string package) =>
            new(
                "TY1013",
                $"the recipe has [services.{service}], but no package brings {what}",
                $"add \"{package}\" to 'packages', or remove [services.{service}]"
            )
            {
                IsUsage = true,
            };
    }
}
