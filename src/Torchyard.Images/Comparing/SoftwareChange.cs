using Torchyard.Images.Sbom;

namespace Torchyard.Images.Comparing;

/// <summary>A piece of software that one image has otherwise than another.</summary>
/// <param name="Kind">Type of its package URL: deb, pypi, conda, generic.</param>
/// <param name="Name">Its name.</param>
/// <param name="Before">Its version in the old image; null where it was not.</param>
/// <param name="After">Its version in the new image; null where it is not.</param>
public sealed record SoftwareChange(string Kind, string Name, string? Before, string? After)
{
    /// <summary>What came, went or has another version, by kind and name.</summary>
    public static IReadOnlyList<SoftwareChange> Between(IEnumerable<ListedSoftware> before, IEnumerable<ListedSoftware> after)
    {
        var (old, now) = (Versions(before), Versions(after));
        return
        [
            .. old
                .Keys.Union(now.Keys)
                .Where(key => old.GetValueOrDefault(key) != now.GetValueOrDefault(key))
                .OrderBy(key => key.Kind, StringComparer.Ordinal)
                .ThenBy(key => key.Name, StringComparer.Ordinal)
                .Select(key => new SoftwareChange(key.Kind, key.Name, old.GetValueOrDefault(key), now.GetValueOrDefault(key))),
        ];
    }

    // A name can stand twice: an image of two architectures, a wheel beside the base system's.
    private static Dictionary<(string Kind, string Name), string> Versions(IEnumerable<ListedSoftware> software) =>
        software
            .GroupBy(one => (one.Kind, one.Name))
            .ToDictionary(
                group => group.Key,
                group => string.Join(", ", group.Select(one => one.Version).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            );
}
