using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Platform;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Oci;

/// <summary>
/// A directory of the store that is made once and then only read, such as the interpreter that compiles modules: beside it lies a file
/// <c>NAME.digest</c> with the digest of its content, which <see cref="StoreValidation"/> compares. Owners do not count, because an ordinary
/// user's store changes them.
/// </summary>
internal static class SealedDirectory
{
    private const string Suffix = ".digest";

    /// <summary>Gives a finished directory its place; nothing is left of a half-written one after a crash but <paramref name="made"/>.</summary>
    internal static void Seal(string made, string place)
    {
        AtomicFile.WriteText(place + Suffix, DigestOf(made).ToString());
        Directory.Move(made, place);
    }

    /// <summary>Removes it, name first.</summary>
    internal static void Remove(string place, StorePaths paths)
    {
        Directory.CreateDirectory(paths.Temporary);
        var doomed = Path.Combine(paths.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
        Directory.Move(place, doomed);
        File.Delete(place + Suffix);
        Directory.Delete(doomed, recursive: true);
    }

    /// <summary>All of the store that are there with other content than they were made with.</summary>
    internal static IEnumerable<string> Damaged(StorePaths paths)
    {
        foreach (var parent in new[] { Path.Combine(paths.Root, "build", "python"), paths.Tools })
        {
            foreach (var file in Directory.Exists(parent) ? Directory.GetFiles(parent, "*" + Suffix) : [])
            {
                var place = file[..^Suffix.Length];
                if (Directory.Exists(place) && !IsAsMade(place, File.ReadAllText(file).Trim()))
                {
                    yield return place;
                }
            }
        }
    }

    private static bool IsAsMade(string place, string digest)
    {
        try
        {
            return DigestOf(place).ToString() == digest;
        }
        catch (Exception failure) when (failure is IOException or TorchyardException or UnsafePathException)
        {
            return false;
        }
    }

    private static Digest DigestOf(string directory)
    {
        var entries = OverlayTree.List(directory, long.MaxValue, long.MaxValue)
            .Select(entry => entry with { Entry = entry.Entry with { User = 0, Group = 0, ModifiedAt = 0 } }).ToList();
        return LayerPacker.DiffIdOf(entries, directory);
    }
}
