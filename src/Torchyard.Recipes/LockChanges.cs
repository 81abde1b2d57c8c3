namespace Torchyard.Recipes;

/// <summary>A package that a new lock has otherwise than the old one.</summary>
/// <param name="Name">Name, with the architecture where the locks have several, and with what it is for where it is not a Debian package of the image.</param>
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
        Tell("cudnn (NVIDIA)", before?.Cudnn, after.Cudnn);
        Tell("cuda-compat (NVIDIA)", before?.CudaCompat, after.CudaCompat);
        return
        [
            .. old.Keys.Union(now.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(name => new LockChange(name, old.GetValueOrDefault(name), now.GetValueOrDefault(name)))
                .Where(change => change.Before != change.After),
        ];

        void Tell(string name, LockedRedist? one, LockedRedist? other)
        {
            // NVIDIA's indexes and mirrors of them are signed by nobody: other bytes under the same version are a change that must be seen.
            var same = one?.Version == other?.Version && one?.Sha256 != other?.Sha256;
            foreach (var (versions, archive) in new[] { (old, one), (now, other) })
            {
                if (archive is not null)
                {
                    versions[name] = same ? $"{archive.Version} (SHA-256 {archive.Sha256.Hex[..12]}…)" : archive.Version;
                }
            }
        }
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

        foreach (var package in locked.Python?.Packages ?? [])
        {
            // Of Git the version alone often stays the same from commit to commit.
            result[$"{package.Name} (Python)"] = package.Source?.Commit is { } commit ? $"{package.Version} at {commit[..12]}" : package.Version;
        }

        foreach (var package in locked.BuildPackages)
        {
            result[$"{package.Name} (for builds)"] = package.Version;
        }

        // Two builds may use two versions of a tool.
        foreach (var tools in (locked.Python?.BuildPackages ?? []).GroupBy(tool => tool.Name, StringComparer.Ordinal))
        {
            result[$"{tools.Key} (Python, for builds)"] = string.Join(", ", tools.Select(tool => tool.Version).Distinct(StringComparer.Ordinal));
        }

        return result;
    }
}
