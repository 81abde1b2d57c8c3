using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>One build of a release of which there are several: torch 2.9.1 for CUDA 12.6, 12.8, and so on.</summary>
public sealed record BuildPin
{
    /// <summary>Normalised name, e.g. <c>torch</c>.</summary>
    public required string Project { get; init; }

    /// <summary>Version, e.g. <c>2.9.1</c>.</summary>
    public required string Release { get; init; }

    /// <summary>The build's name, which is the local version of its wheels on PyTorch's own indexes, e.g. <c>cu128</c>.</summary>
    public required string Build { get; init; }

    /// <summary>True for the build that PyPI has, under the release alone.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>Index that has this build, with a final slash.</summary>
    public required string Index { get; init; }

    /// <summary>Version with the build, e.g. <c>2.9.1+cu128</c>.</summary>
    public string Local => $"{Release}+{Build}";
}

/// <summary>
/// Finds where pinned builds are and writes the constraints that choose them. An index of the user that has the build, such as a site's
/// mirror of everything, is taken before the publisher's; of the publisher's index only the pinned projects are taken, since it also has
/// old copies of others.
/// </summary>
public static class BuildPins
{
    /// <summary>Constraints (PEP 508) for the pinned projects, and the indexes with the publisher's added where it is needed.</summary>
    /// <param name="main">The build that decides.</param>
    /// <param name="companions">Builds that must be of the same kind.</param>
    /// <param name="indexes">The user's indexes.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<(IReadOnlyList<string> Constraints, PythonIndexes Indexes)> ResolveAsync(
        BuildPin main,
        IReadOnlyList<BuildPin> companions,
        PythonIndexes indexes,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(main);
        ArgumentNullException.ThrowIfNull(companions);
        ArgumentNullException.ThrowIfNull(indexes);
        var own = await VersionsAsync(main, indexes, cancellation);
        IReadOnlyList<string> projects = [main.Project, .. companions.Select(pin => pin.Project)];
        if (!own.Contains(main.Local) && !(main.IsDefault && own.Contains(main.Release)))
        {
            return (
                [$"{main.Project}=={main.Local}", .. companions.Select(pin => $"{pin.Project}=={pin.Release}")],
                indexes.With(main.Index, projects)
            );
        }

        var constraints = new List<string> { Constraint(main, own) };
        foreach (var pin in companions)
        {
            constraints.Add(Constraint(pin, await VersionsAsync(pin, indexes, cancellation)));
        }

        // PyPI has no builds under local versions: a mirror of it that has, mirrors the publisher's index too, which is what the lock must
        // name.
        var found = own.Contains(main.Local) ? (await indexes.FindAsync(main.Project, cancellation))?.Index : null;
        return (constraints, found is { Canonical: PythonIndexes.PyPI } mirror ? indexes.With(main.Index, projects, mirror.Url) : indexes);
    }

    /// <summary>
    /// Without a local version <c>==</c> accepts every build and pip takes the one that sorts last; <c>===</c> accepts the plain one only.
    /// </summary>
    private static string Constraint(BuildPin pin, HashSet<string> versions) =>
        versions.Contains(pin.Local) ? $"{pin.Project}=={pin.Local}"
        : versions.Contains(pin.Release) && versions.Any(version => version.StartsWith(pin.Release + "+", StringComparison.Ordinal))
            ? $"{pin.Project}==={pin.Release}"
        : $"{pin.Project}=={pin.Release}";

    private static async Task<HashSet<string>> VersionsAsync(BuildPin pin, PythonIndexes indexes, CancellationToken cancellation)
    {
        var versions = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in (await indexes.FindAsync(pin.Project, cancellation))?.Page.Files ?? [])
        {
            if (WheelFileName.TryParse(file.Filename, out var wheel) && PythonVersion.TryParse(wheel.Version, out var version))
            {
                versions.Add(version.ToString());
            }
        }

        return versions;
    }
}
