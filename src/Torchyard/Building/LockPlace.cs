using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>Where the lock of a recipe is: beside the recipe, or for a preset in the store.</summary>
internal static class LockPlace
{
    /// <summary>Absolute path of the lock, whether or not there is one.</summary>
    public static string Of(RecipeSource source, StorePaths store) =>
        source.LockFile ?? Path.Combine(store.Root, "locks", source.Preset + ".lock");

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

    /// <summary>The lock if it answers the recipe as it is now, else null.</summary>
    public static RecipeLock? ReadFitting(RecipeSource source, StorePaths store) =>
        Read(source, store) is { } locked && LockFit.Fits(locked, source.Recipe, source.DigestDirectory) ? locked : null;

    /// <summary>Writes the lock.</summary>
    public static void Write(RecipeSource source, StorePaths store, RecipeLock locked)
    {
        var path = Of(source, store);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.WriteText(path, LockText.Write(locked));
    }
}
