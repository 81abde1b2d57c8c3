using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Collects what a recipe's <c>[python]</c> asks for from all the places it names.</summary>
public static class RecipeRequirements
{
    /// <summary>
    /// Reads packages, requirement files, constraints and pyproject.toml of a recipe that wants nothing from the machine.
    /// </summary>
    /// <param name="settings">The recipe's <c>[python]</c>.</param>
    /// <param name="directory">The recipe's directory, absolute.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="fetch">Gets a requirement file of a server; null to refuse it.</param>
    /// <exception cref="TorchyardException">TY2512, TY2514, TY2530 to TY2532 or TY2534 to TY2536 with file, line and reason; TY1042 and
    /// TY1043: it wants something.</exception>
    public static RequirementSet Read(
        PythonSettings settings,
        string directory,
        Func<string, string?> environment,
        Func<Uri, byte[]>? fetch = null
    ) => Read(settings, new ProjectFiles(directory), new CredentialVariables(environment, static (_, _) => false), fetch: fetch);

    /// <summary>Reads packages, requirement files, constraints and pyproject.toml.</summary>
    /// <param name="settings">The recipe's <c>[python]</c>.</param>
    /// <param name="files">The recipe's files.</param>
    /// <param name="variables">Replaces variables of the recipe's files.</param>
    /// <param name="machine">The machine's pip settings, which count where the recipe names no index; null for none.</param>
    /// <param name="place">Place of an item of <c>packages</c> in the recipe, by its number; null where there is no file.</param>
    /// <param name="survey">Gets what the recipe wants and nobody allowed yet, which is then left out; null to refuse it.</param>
    /// <param name="fetch">Gets a requirement file of a server; null to refuse it.</param>
    /// <exception cref="TorchyardException">TY2512, TY2514, TY2530 to TY2532 or TY2534 to TY2536 with file, line and reason; TY1042,
    /// TY1043.</exception>
    public static RequirementSet Read(
        PythonSettings settings,
        ProjectFiles files,
        CredentialVariables variables,
        PipSettings? machine = null,
        Func<int, SourceLocation?>? place = null,
        ICollection<Wish>? survey = null,
        Func<Uri, byte[]>? fetch = null
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(variables);
        var directory = files.Directory;
        var set = new RequirementSet { Directory = directory };
        var reader = new RequirementFileReader(set, files, variables, survey, fetch);
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
            PyprojectReader.Read(pyproject, settings.PyprojectExtras, settings.PyprojectGroups, files, set, reader, survey);
        }

        if (
            set.Requirements.FirstOrDefault(line =>
                line.Requirement is { } requirement && requirement.Name.Normal == set.Project && !line.IsDirect
            ) is
            { } own
        )
        {
            throw RequirementProblem.Of(
                "TY2534",
                own.Place,
                $"'{own.Requirement}' names the project of {settings.Pyproject} itself, which no index is asked for",
                own.Requirement!.Extras.Count > 0
                    ? "name its extras in 'pyproject-extras' of [python]"
                    : "take it out: 'pyproject' brings what the project needs; a wheel of it may be named by its path"
            );
        }

        reader.CheckHashes();

        set.FindLinks.AddRange(settings.FindLinks.Where(place => !IsPage(place)).Select(path => Path.GetFullPath(path, directory)));
        set.FindLinkPages.AddRange(settings.FindLinks.Where(IsPage).Select(page => new Uri(page)));
        if (machine is not null && settings.Indexes.Count == 0 && settings.ExtraIndexes.Count == 0)
        {
            set.FindLinks.AddRange(machine.FindLinks.Where(Directory.Exists).Select(Path.GetFullPath));
            set.FindLinkPages.AddRange(machine.FindLinks.Where(IsPage).Select(page => new Uri(page)));
            set.PreReleases |= machine.PreReleases;
            // The user's own files are read wherever they are.
            var personal = new RequirementFileReader(set, ProjectFiles.OfUser(directory), variables, survey, fetch);
            foreach (var file in machine.Constraints)
            {
                personal.Read(Path.GetFullPath(file, directory), file, isConstraint: true);
            }
        }

        return set;
    }

    /// <summary>True for a page of links on a server, in the place of a directory.</summary>
    internal static bool IsPage(string place) => UrlText.TryRead(place, out var url) && url.Scheme is "https" or "http";
}
