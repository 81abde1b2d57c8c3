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
    /// <exception cref="TorchyardException">TY2512 or TY2514 with file, line and reason.</exception>
    public static RequirementSet Read(PythonSettings settings, string directory, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(environment);
        var set = new RequirementSet { Directory = directory };
        var reader = new RequirementFileReader(set, environment);
        foreach (var package in settings.Packages)
        {
            set.Requirements.Add(reader.ReadOne(package, directory, null));
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
        return set;
    }
}
