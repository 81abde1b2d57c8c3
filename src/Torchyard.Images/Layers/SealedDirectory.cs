using Torchyard.Images.Files;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Layers;

/// <summary>
/// A directory of the store that is made once and then only read, such as the interpreter that compiles modules: beside it lies a file
/// <c>NAME.digest</c> with the digest of its content, which <c>check</c> compares. Owners do not count, because an ordinary
/// user's store changes them.
/// </summary>
internal static class SealedDirectory
{
    private const string Suffix = ".digest";
    private const int MostDigest = 1024;

    /// <summary>
    /// Gives a finished directory its place; nothing is left of a half-written one after a crash but <paramref name="made"/>.
    /// </summary>
    internal static void Seal(string made, string place)
    {
        AtomicFile.WriteText(place + Suffix, DigestOf(made).ToString());
        Directory.Move(made, place);
    }

    /// <summary>
    /// True when one is there as it was made. One that is not, because something outside changed it or a power failure emptied files, is
    /// removed: it is made again in less time than it takes to find out why a build fails.
    /// </summary>
    internal static bool Has(string place, StorePaths paths)
    {
        if (!Directory.Exists(place))
        {
            return false;
        }

        if (IsAsMade(place, place + Suffix))
        {
            return true;
        }

        try
        {
            Remove(place, paths);
        }
        catch (DirectoryNotFoundException)
        {
            // Another build was faster.
        }

        return false;
    }

    /// <summary>Removes it, name first.</summary>
    internal static void Remove(string place, StorePaths paths)
    {
        StoreDirectory.Create(paths.Temporary, StoreDirectory.OwnerOnly);
        var doomed = Path.Combine(paths.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
        Directory.Move(place, doomed);
        RegularFile.ClearPlace(place + Suffix);
        File.Delete(place + Suffix);
        Directory.Delete(doomed, recursive: true);
    }

    /// <summary>All of the store that are there with other content than they were made with.</summary>
    internal static IEnumerable<string> Damaged(StorePaths paths)
    {
        foreach (var parent in new[] { Path.Combine(paths.Build, "python"), paths.Tools })
        {
            foreach (var file in Directory.Exists(parent) ? Directory.GetFileSystemEntries(parent, "*" + Suffix) : [])
            {
                var place = file[..^Suffix.Length];
                if (Directory.Exists(place) && !IsAsMade(place, file))
                {
                    yield return place;
                }
            }
        }
    }

    private static bool IsAsMade(string place, string file)
    {
        try
        {
            return RegularFile.TryReadText(file, MostDigest)?.Trim() == DigestOf(place).ToString();
        }
        catch (Exception failure) when (failure is IOException or TorchyardException or UnsafePathException)
        {
            return false;
        }
    }

    private static Digest DigestOf(string directory)
    {
        var entries = OverlayTree
            .List(directory, long.MaxValue, long.MaxValue)
            .Select(entry => entry with { Entry = entry.Entry with { User = 0, Group = 0, ModifiedAt = 0 } })
            .ToList();
        return LayerPacker.DiffIdOf(entries, directory);
    }
}
