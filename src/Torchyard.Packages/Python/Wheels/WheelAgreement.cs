using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>
/// Holds a wheel against its entry in the lock. The lock was made from the metadata that the index serves beside the wheel (PEP 658); when
/// that says something else than the wheel itself, what was resolved is not what would be installed.
/// </summary>
internal static class WheelAgreement
{
    /// <summary>Refuses a wheel whose own METADATA is that of another version, or does not ask for what the lock says it needs.</summary>
    /// <param name="wheel">The wheel.</param>
    /// <param name="package">Its entry in the lock.</param>
    /// <exception cref="TorchyardException">TY2501.</exception>
    public static void Check(WheelArchive wheel, LockedPythonPackage package)
    {
        ArgumentNullException.ThrowIfNull(wheel);
        ArgumentNullException.ThrowIfNull(package);
        if (!IsSameVersion(wheel.Metadata.Version, package.Version))
        {
            throw WheelProblem.Damaged(
                wheel.FileName.Text,
                $"its METADATA is of version {wheel.Metadata.Version}, and the lock is for {package.Version}: the index gave other "
                    + "metadata than the wheel has"
            );
        }

        if (package.Requires.Count == 0)
        {
            return;
        }

        var own = wheel
            .Metadata.RequiresDist.Select(text => Requirement.TryParse(text, out var requirement, out _) ? requirement.Name.Normal : null)
            .ToHashSet(StringComparer.Ordinal);
        if (package.Requires.FirstOrDefault(name => !own.Contains(name)) is { } foreign)
        {
            throw WheelProblem.Damaged(
                wheel.FileName.Text,
                $"its METADATA does not ask for {foreign}, and the lock says that it does: the index gave other metadata than the wheel has"
            );
        }
    }

    private static bool IsSameVersion(string one, string other) =>
        one == other
        || (PythonVersion.TryParse(one, out var first) && PythonVersion.TryParse(other, out var second) && first.CompareTo(second) == 0);
}
