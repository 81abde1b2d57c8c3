namespace Torchyard.Recipes.Locks;

/// <summary>A package that a new lock has otherwise than the old one.</summary>
/// <param name="Name">Name, with the architecture where the locks have several, and with what it is for where it is not a Debian package of
/// the image.</param>
/// <param name="Before">Version in the old lock, or null where it was not.</param>
/// <param name="After">Version in the new lock, or null where it is not.</param>
public sealed record LockChange(string Name, string? Before, string? After);

/// <summary>What changed between two locks.</summary>
public static class LockChanges
{
    /// <summary>What came, went or changed version, by name. Without an old lock every package came.</summary>
    public static IReadOnlyList<LockChange> Between(RecipeLock? before, RecipeLock after)
    {
        ArgumentNullException.ThrowIfNull(after);
        var old = before is null ? [] : Versions(before);
        var now = Versions(after);
        return
        [
            .. old
                .Keys.Union(now.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(name => Change(name, old.GetValueOrDefault(name), now.GetValueOrDefault(name)))
                .Where(change => change.Before != change.After),
        ];
    }

    private static LockChange Change(string name, LockedVersion? before, LockedVersion? after)
    {
        var isOtherFile = before?.Version == after?.Version && before?.Sha256 != after?.Sha256;
        return new LockChange(name, Text(before), Text(after));

        string? Text(LockedVersion? one) =>
            isOtherFile && one is { Sha256: { } sum } ? $"{one.Version} (SHA-256 {sum.Hex[..12]}…)" : one?.Version;
    }

    private static Dictionary<string, LockedVersion> Versions(RecipeLock locked)
    {
        var versions = new Dictionary<string, LockedVersion>(StringComparer.Ordinal);
        foreach (var version in LockSections.All.SelectMany(section => section.Versions(locked)))
        {
            versions[version.Name] = version;
        }

        return versions;
    }
}
