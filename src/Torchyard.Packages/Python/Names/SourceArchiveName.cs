using System.Diagnostics.CodeAnalysis;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Names;

/// <summary>
/// File names of source distributions (PEP 625): <c>name-version.tar.gz</c>; older ones keep the name as it is written, with hyphens.
/// </summary>
internal static class SourceArchiveName
{
    /// <summary>Reads the version out of a file name of a project; false when it is not a source distribution of that project.</summary>
    /// <param name="filename">The file name.</param>
    /// <param name="name">Normalised name of the project.</param>
    /// <param name="version">Its version.</param>
    public static bool TryParse(string filename, string name, [NotNullWhen(true)] out PythonVersion? version)
    {
        ArgumentNullException.ThrowIfNull(filename);
        version = null;
        if (!LockedSource.IsArchiveName(filename))
        {
            return false;
        }

        var stem = filename[..filename.LastIndexOf('.')];
        stem = stem.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) ? stem[..^".tar".Length] : stem;
        for (var dash = stem.IndexOf('-', StringComparison.Ordinal); dash > 0; dash = stem.IndexOf('-', dash + 1))
        {
            if (
                ProjectName.TryParse(stem[..dash], out var own)
                && own.Normal == name
                && PythonVersion.TryParse(stem[(dash + 1)..].Replace('_', '-'), out version)
            )
            {
                return true;
            }
        }

        return false;
    }
}
