using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Flows.Starting;

/// <summary>A distribution that is installed somewhere, as a recipe names it.</summary>
/// <param name="Text">The requirement; null where there is none.</param>
/// <param name="Note">What is to be said about it, or why there is none; null for nothing.</param>
internal sealed record InstalledRequirement(string? Text, string? Note)
{
    /// <summary>The requirement of a distribution: its version exactly, or where it came from.</summary>
    public static InstalledRequirement Of(AddedPackage package)
    {
        if (package.Origin is { } origin)
        {
            return origin.Reference is { } reference
                ? new InstalledRequirement($"{package.Name} @ {reference}", null)
                : new InstalledRequirement(null, origin.Why);
        }

        if (!PythonVersion.TryParse(package.Version, out var version))
        {
            return new InstalledRequirement(null, $"'{package.Version}' is not a version that an index has");
        }

        // +cu128 is the build, which lock chooses for the GPUs.
        return version.Local is { } local && (local.StartsWith("cu", StringComparison.Ordinal) || local == "cpu")
            ? new InstalledRequirement($"{package.Name}=={version.Public}", $"its build {local}: lock chooses the one for your GPUs")
            : new InstalledRequirement($"{package.Name}=={package.Version}", null);
    }

    /// <summary>What of installed distributions a recipe has to name: what was asked for, or all where nobody noted that.</summary>
    public static IReadOnlyList<AddedPackage> Wanted(IReadOnlyList<AddedPackage> installed)
    {
        var requested = installed.Where(package => package.Requested && !IsTool(package)).ToList();
        return requested.Count > 0 ? requested : [.. installed.Where(package => !IsTool(package))];
    }

    /// <summary>True for what whoever makes a virtual environment puts there.</summary>
    public static bool IsTool(AddedPackage package) =>
        ProjectName.TryParse(package.Name, out var name) && name.Normal is "pip" or "setuptools" or "wheel" or "uv";
}
