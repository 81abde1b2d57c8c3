using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Locks;

/// <summary>Where the lock of a recipe is: beside the recipe, or for a preset in the store.</summary>
internal static class LockPlace
{
    /// <summary>Absolute path of the lock, whether or not there is one.</summary>
    public static string Of(RecipeSource source, StorePaths store) =>
        source.LockFile
        ?? Path.Combine(
            store.Root,
            "locks",
            source.Preset + (source.Torch is { } torch ? $"@{RecipeName.From(torch, "torch")}" : "") + ".lock"
        );

    /// <summary>
    /// The lock, or null where there is none. A preset's lock that cannot be read, such as one of an older program, counts as none.
    /// </summary>
    public static RecipeLock? Read(RecipeSource source, StorePaths store)
    {
        var path = Of(source, store);
        // Read once: the lock whose wishes were looked at is the one that is used, and one that appears later is none.
        if (source.Files.ReadAnywhere(path, LockReader.LargestFile) is not { } content)
        {
            return null;
        }

        try
        {
            return LockReader.Read(content, path);
        }
        catch (TorchyardException) when (source.Preset is not null)
        {
            // The user never sees this file, so it is made again instead of being reported.
            return null;
        }
    }

    /// <summary>
    /// As <see cref="Read"/>, for a command that writes the lock anew: one that cannot be used gives what is to be kept of it, and why it
    /// cannot be used.
    /// </summary>
    public static (RecipeLock? Lock, string? Damage) Salvage(RecipeSource source, StorePaths store)
    {
        try
        {
            return (Read(source, store), null);
        }
        catch (TorchyardException unusable)
            when (unusable.Code is PlatformCodes.KeyTwice or LockCodes.Damaged or LockCodes.OtherFormat or LockCodes.Edited)
        {
            return (
                source.Files.ReadAnywhere(Of(source, store), LockReader.LargestFile) is { } content
                    ? LockSalvage.Of(content, Of(source, store))
                    : null,
                unusable.Message
            );
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException && !Directory.Exists(Of(source, store)))
        {
            return (null, unreadable.Message.TrimEnd('.'));
        }
    }

    /// <summary>Digest of the lock's text as this command knows the file; null where there is none.</summary>
    public static Digest? DigestOf(RecipeSource source, StorePaths store) =>
        source.Files.ReadAnywhere(Of(source, store), LockReader.LargestFile) is { } content ? LockReader.TextDigestOf(content) : null;

    /// <summary>The same of the file as it is by now, when this command has written it.</summary>
    public static Digest? WrittenDigestOf(RecipeSource source, StorePaths store) =>
        RegularFile.TryRead(Of(source, store), LockReader.LargestFile) is { } content ? LockReader.TextDigestOf(content) : null;

    /// <summary>Where one of several locks of a recipe is: <c>torchyard.torch-2.9.1-cu126.lock</c>.</summary>
    public static string OfVariant(RecipeSource source, StorePaths store, string variant) =>
        Path.ChangeExtension(Of(source, store), $"{variant}.lock");

    /// <summary>The locks of a recipe for parts of its fleet, by name.</summary>
    public static IReadOnlyList<string> Variants(RecipeSource source, StorePaths store)
    {
        var path = Of(source, store);
        var directory = Path.GetDirectoryName(path)!;
        return Directory.Exists(directory)
            ?
            [
                .. Directory
                    .EnumerateFiles(directory, $"{Path.GetFileNameWithoutExtension(path)}.torch-*.lock")
                    .Order(StringComparer.Ordinal),
            ]
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
        ProjectDirectory.Write(Path.GetDirectoryName(path)!, (Path.GetFileName(path), LockText.Write(locked)));
        // A lock lies in the user's own directory, where what a killed command left is in the way.
        UnfinishedFiles.RemoveBeside(path, TimeProvider.System);
    }
}
