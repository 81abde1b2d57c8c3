namespace Torchyard.Recipes;

/// <summary>A package that a new lock has otherwise than the old one.</summary>
/// <param name="Name">Name, with the architecture where the locks have several.</param>
/// <param name="Before">Version in the old lock, or null where it was not.</param>
/// <param name="After">Version in the new lock, or null where it is not.</param>
public sealed record LockChange(string Name, string? Before, string? After);

/// <summary>What changed between two locks.</summary>
public static class LockChanges
{
    /// <summary>Debian and Python packages that came, went or changed version, by name. Without an old lock every package came.</summary>
    public static IReadOnlyList<LockChange> Between(RecipeLock? before, RecipeLock after)
    {
        ArgumentNullException.ThrowIfNull(after);
        var old = before is null ? [] : Versions(before);
        var now = Versions(after);
        return
        [
            .. old.Keys.Union(now.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(name => new LockChange(name, old.GetValueOrDefault(name), now.GetValueOrDefault(name)))
                .Where(change => change.Before != change.After),
        ];
    }

    private static Dictionary<string, string> Versions(RecipeLock locked)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var package in locked.Packages)
        {
            // Multi-Arch gives one name twice; the image's own architecture is the usual one.
            if (!result.TryAdd(package.Name, package.Version))
            {
                result[$"{package.Name}:{package.Architecture}"] = package.Version;
            }
        }

        if (locked.Cudnn is { } cudnn)
        {
            result["cudnn (NVIDIA)"] = cudnn.Version;
        }

        foreach (var package in locked.Python?.Packages ?? [])
        {
            result[$"{package.Name} (Python)"] = package.Version;
        }

        return result;
    }
}
