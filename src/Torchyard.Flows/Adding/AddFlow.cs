using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Projects;
using Torchyard.Flows.Sources;
using Torchyard.Flows.Starting;
using Torchyard.Packages.Conda;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Editing;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Adding;

/// <summary>
/// Writes packages into a recipe, each where it belongs and where the rebuild is cheap: at the end of its list, behind which no layer is
/// made anew.
/// </summary>
internal sealed class AddFlow(Host host)
{
    /// <summary>Adds, and locks.</summary>
    /// <exception cref="TorchyardException">TY1055: there is nothing to add, or it cannot be added; as
    /// <see cref="RecipeEdit.FinishAsync"/>.</exception>
    public async Task<EditOutcome> RunAsync(EditRequest request, CancellationToken cancellation)
    {
        if (request.Packages.Count + request.RequirementFiles.Count == 0 && !request.Installed)
        {
            throw Refusal("no package is named", "name one, such as torchyard add einops; --installed takes what pip installed");
        }

        var edit = RecipeEdit.Open(host, request);
        foreach (var package in request.Packages)
        {
            if (package.EndsWith(".deb", StringComparison.Ordinal))
            {
                AddFile(edit, package);
            }
            else if (request.System)
            {
                AddSystem(edit, package);
            }
            else
            {
                await AddAsync(edit, request, package, cancellation);
            }
        }

        foreach (var file in request.RequirementFiles)
        {
            AddOnce(edit, RecipeList.Requirements, Path.GetRelativePath(edit.Source.Directory, host.Caller.FullPath(file)));
        }

        if (request.Installed)
        {
            await AddInstalledAsync(edit, cancellation);
        }

        if (edit.Editor.Recipe.Python is not null)
        {
            foreach (var needed in new[] { "python3", "python3-venv" })
            {
                if (edit.Editor.Recipe.Packages.All(package => NameOf(package) != needed))
                {
                    edit.Editor.Add(RecipeList.Packages, needed);
                }
            }
        }

        return await edit.FinishAsync(cancellation);
    }

    private async Task AddAsync(RecipeEdit edit, EditRequest request, string package, CancellationToken cancellation)
    {
        var line = Read(edit, package);
        var text = ForeignRequirements.Written(line);
        var isBareName = line.Requirement is { Extras.Count: 0, Versions.Clauses.Count: 0, Url: null, Marker: null } && !line.IsDirect;
        if (isBareName && !await HasPythonAsync(edit, request, line.Requirement!.Name.Normal, cancellation))
        {
            if (edit.Editor.Recipe.Packages.Any(one => NameOf(one).Equals(package, StringComparison.OrdinalIgnoreCase)))
            {
                edit.Note($"{package} is in packages already");
                return;
            }

            edit.Note($"{package} is not on a Python index: taken from Debian");
            AddSystem(edit, package);
            return;
        }

        if (isBareName && CondaNames.Find(package.ToLowerInvariant()).Kind == CondaKind.Debian)
        {
            edit.Note($"{package} is taken from Python's index, which has a package of that name; --system takes Debian's");
        }

        AddPython(edit, text, line.Requirement?.Name.Normal);
    }

    private static void AddPython(RecipeEdit edit, string text, string? name)
    {
        if (UrlText.HoldsSecret(text))
        {
            throw Refusal(
                $"'{text}' holds a password or token, and recipes are shared",
                "write it as NAME @ https://USER:${VARIABLE}@HOST/..., or without the login and keep that in ~/.netrc"
            );
        }

        var items = edit.Editor.Items(RecipeList.Python);
        var at = name is null ? -1 : items.ToList().FindIndex(item => NameOfRequirement(item) == name);
        if (at < 0)
        {
            AddOnce(edit, RecipeList.Python, text);
        }
        else if (items[at] == text || text == NameOnly(text))
        {
            edit.Note($"{items[at]} is in the recipe already");
        }
        else
        {
            edit.Editor.Replace(RecipeList.Python, at, text);
        }
    }

    private static void AddSystem(RecipeEdit edit, string package)
    {
        var items = edit.Editor.Items(RecipeList.Packages).ToList();
        var at = items.FindIndex(item => NameOf(item) == NameOf(package));
        if (at < 0)
        {
            edit.Editor.Add(RecipeList.Packages, package);
        }
        else if (items[at] == package || !package.Contains('='))
        {
            edit.Note($"{items[at]} is in the recipe already");
        }
        else
        {
            edit.Editor.Replace(RecipeList.Packages, at, package);
        }
    }

    /// <summary>A package file of Debian; it is read when the recipe is locked.</summary>
    private static void AddFile(RecipeEdit edit, string package)
    {
        if (package.Contains("://", StringComparison.Ordinal))
        {
            throw Refusal(
                $"'{package}' cannot be added: a package file is one of this machine",
                "fetch it into the project, then add its path: torchyard add ./vendor/FILE.deb; an archive with a key is written as "
                    + "[[archives]] in the recipe"
            );
        }

        AddOnce(edit, RecipeList.Packages, edit.RelativePath(package));
    }

    private static void AddOnce(RecipeEdit edit, RecipeList list, string item)
    {
        if (edit.Editor.Items(list).Contains(item))
        {
            edit.Note($"{item} is in the recipe already");
        }
        else
        {
            edit.Editor.Add(list, item);
        }
    }

    private async Task AddInstalledAsync(RecipeEdit edit, CancellationToken cancellation)
    {
        var project = Project.Of(edit.Source.Directory, host.Store);
        var containers = await host.Containers().FindByLabelAsync(ContainerLabels.Project, project.Directory, cancellation);
        var directory = containers
            .Select(container =>
                container.Record.Mounts.FirstOrDefault(mount => mount.Target == Images.Environments.ProjectPython.Root)?.Source
            )
            .FirstOrDefault(source => source is not null)
            ?? (
                Directory.Exists(project.State)
                    ? Directory
                        .EnumerateDirectories(project.State, "python3.*")
                        .OrderByDescending(Directory.GetLastWriteTimeUtc)
                        .FirstOrDefault()
                    : null
            );
        var installed = directory is null ? [] : ProjectPackages.Read(directory);
        if (installed.Count == 0)
        {
            throw Refusal(
                $"pip has installed nothing into the environment of {project.Directory}",
                "install something there first: torchyard exec NAME pip install PACKAGE"
            );
        }

        foreach (var package in InstalledRequirement.Wanted(installed))
        {
            AddInstalled(edit, package);
        }
    }

    /// <summary>Adds one distribution; what a program inside wrote about it may be damaged, and must not keep the others out.</summary>
    private static void AddInstalled(RecipeEdit edit, AddedPackage package)
    {
        var requirement = InstalledRequirement.Of(package);
        if (requirement.Text is not { } text)
        {
            edit.Note($"{package.Name} {package.Version} is left out: {requirement.Note}");
            return;
        }

        try
        {
            AddPython(edit, text, Read(edit, text).Requirement?.Name.Normal);
        }
        catch (TorchyardException unfit)
        {
            edit.Note($"{package.Name} {package.Version} is left out: {unfit.Message}");
            return;
        }

        if (requirement.Note is { } note)
        {
            edit.Note($"{package.Name} {package.Version}: {note}");
        }
    }

    /// <summary>Reads a requirement of the command line; paths become those of the recipe.</summary>
    private static RequirementLine Read(RecipeEdit edit, string package)
    {
        var isPath =
            package.StartsWith("./", StringComparison.Ordinal)
            || package.StartsWith("../", StringComparison.Ordinal)
            || package.StartsWith('/');
        var text = isPath ? edit.RelativePath(package) : package;
        var read = new ForeignRequirements(edit.Source.Files);
        read.ReadLine(text, new Platform.Errors.SourceLocation("the command line", 1, 1));
        return read.Set.Requirements is [var line] ? line
            : read.Refused is [var refused, ..]
                ? throw Refusal(
                    refused.Why.StartsWith($"'{package}' ", StringComparison.Ordinal)
                        ? refused.Why
                        : $"'{package}' cannot be added: {refused.Why}",
                    refused.Cure
                )
            : throw Refusal(
                $"'{package}' is not a requirement",
                "write it as name, name==1.2, name>=1,<2, a path or a URL; files by -r FILE"
            );
    }

    private async Task<bool> HasPythonAsync(RecipeEdit edit, EditRequest request, string name, CancellationToken cancellation)
    {
        // Where there is no [python] yet, the machine's indexes count.
        var source = edit.Source.Recipe.Python is null
            ? edit.Source with
            {
                Recipe = edit.Source.Recipe with { Python = new PythonSettings() },
            }
            : edit.Source;
        if (source.Recipe.Python!.Pylock is not null)
        {
            return true;
        }

        source = await new Trust.RecipeGate(host, request.Trust).OpenAsync(source, locked: null, cancellation);
        using var python = new ProjectPython(host, source.Files, request.Offline);
        return await python.HasProjectAsync(source, python.Requirements(source), name, cancellation);
    }

    private static string NameOf(string package) => PackageFile.NameOf(package);

    private static string? NameOfRequirement(string item) =>
        Requirement.TryParse(item, out var requirement, out _) ? requirement.Name.Normal : null;

    private static string NameOnly(string text) =>
        Requirement.TryParse(text, out var requirement, out _) ? requirement.Name.ToString() : text + "?";

    // Names are those of a recipe or a container, which may turn or break the line.
    private static TorchyardException Refusal(string message, string cure) =>
        new("TY1055", VisibleText.Of(message), VisibleText.Of(cure)) { IsUsage = true };
}
