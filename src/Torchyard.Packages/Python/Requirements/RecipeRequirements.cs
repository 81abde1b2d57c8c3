using Torchyard.Packages.Python.Settings;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Collects what a recipe's <c>[python]</c> asks for from all the places it names.</summary>
public static class RecipeRequirements
{
    /// <summary>Reads packages, requirement files, constraints and pyproject.toml.</summary>
    /// <param name="settings">The recipe's <c>[python]</c>.</param>
    /// <param name="directory">The recipe's directory, absolute.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="machine">The machine's pip settings, which count where the recipe names no index; null for none.</param>
    /// <param name="place">Place of an item of <c>packages</c> in the recipe, by its number; null where there is no file.</param>
    /// <exception cref="TorchyardException">TY2512 or TY2514 with file, line and reason.</exception>
    public static RequirementSet Read(
        PythonSettings settings, string directory, Func<string, string?> environment, PipSettings? machine = null, Func<int, SourceLocation?>? place = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(environment);
        var set = new RequirementSet { Directory = directory };
        var reader = new RequirementFileReader(set, environment);
        set.AddOnlyBinary(settings.OnlyBinary);
        for (var i = 0; i < settings.Packages.Count; i++)
        {
            try
            {
                set.Requirements.Add(reader.ReadOne(settings.Packages[i], directory, null));
            }
            catch (TorchyardException wrong) when (place?.Invoke(i) is { } where)
            {
                throw new TorchyardException(wrong.Code, wrong.Message, wrong.Cure, wrong) { Location = where, IsUsage = true };
            }
        }

        foreach (var file in settings.Requirements)
        {
            reader.Read(Path.GetFullPath(file, directory), file, isConstraint: false);
        }

        foreach (var file in settings.Constraints)
        {
            reader.Read(Path.GetFullPath(file, directory), file, isConstraint: true);
        }

        if (settings.Pyproject is { } pyproject)
        {
            set.Requirements.AddRange(PyprojectReader.Read(pyproject, settings.PyprojectExtras, directory, reader));
        }

        set.FindLinks.AddRange(settings.FindLinks.Select(path => Path.GetFullPath(path, directory)));
        if (machine is not null && settings.Indexes.Count == 0 && settings.ExtraIndexes.Count == 0)
        {
            // Pages of links are not followed; what pip would find only there is then reported as missing.
            set.FindLinks.AddRange(machine.FindLinks.Where(Directory.Exists).Select(Path.GetFullPath));
            set.PreReleases |= machine.PreReleases;
            foreach (var file in machine.Constraints)
            {
                reader.Read(Path.GetFullPath(file, directory), file, isConstraint: true);
            }
        }

        return set;
    }
}
