using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>Where the lock of a recipe is: beside the recipe, or for a preset in the store.</summary>
internal static class LockPlace
{
    /// <summary>Absolute path of the lock, whether or not there is one.</summary>
    public static string Of(RecipeSource source, StorePaths store) =>
        source.LockFile ?? Path.Combine(store.Root, "locks", source.Preset + (source.Torch is { } torch ? $"@{RecipeName.From(torch, "torch")}" : "") + ".lock");

    /// <summary>The lock, or null where there is none. A preset's lock that cannot be read, such as one of an older program, counts as none.</summary>
    public static RecipeLock? Read(RecipeSource source, StorePaths store)
    {
        var path = Of(source, store);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return LockReader.ReadFile(path);
        }
        catch (TorchyardException) when (source.Preset is not null)
        {
            // The user never sees this file, so it is made again instead of being reported.
            return null;
        }
    }

    /// <summary>Where one of several locks of a recipe is: <c>torchyard.torch-2.9.1-cu126.lock</c>.</summary>
    public static string OfVariant(RecipeSource source, StorePaths store, string variant) => Path.ChangeExtension(Of(source, store), $"{variant}.lock");

    /// <summary>The locks of a recipe for parts of its fleet, by name.</summary>
    public static IReadOnlyList<string> Variants(RecipeSource source, StorePaths store)
    {
        var path = Of(source, store);
        var directory = Path.GetDirectoryName(path)!;
        return Directory.Exists(directory)
            ? [.. Directory.EnumerateFiles(directory, $"{Path.GetFileNameWithoutExtension(path)}.torch-*.lock").Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Writes the locks of a recipe, and removes those of earlier answers that would be taken for its own.</summary>
    public static void WriteAll(RecipeSource source, StorePaths store, IReadOnlyList<PlacedLock> locks)
    {
        foreach (var one in locks)
        {
            Write(one.Path, one.Lock);
        }

        foreach (var other in Variants(source, store).Append(Of(source, store)).Where(path => locks.All(one => one.Path != path)))
        {
            File.Delete(other);
        }
    }

    /// <summary>Writes a lock.</summary>
    public static void Write(string path, RecipeLock locked)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.WriteText(path, LockText.Write(locked));
    }
}
