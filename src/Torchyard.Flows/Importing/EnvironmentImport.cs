using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Starting;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using ProjectPython = Torchyard.Images.Environments.ProjectPython;

namespace Torchyard.Flows.Importing;

/// <summary>A running environment as part of a recipe: what its image was made of, and what pip has added since.</summary>
internal static class EnvironmentImport
{
    /// <summary>Adds an environment.</summary>
    public static void Add(Import import, Host host, ContainerRecord record)
    {
        var shown = record.Name;
        if (Digest.TryParse(record.ImageDigest, out var manifest) && new ImageStore(host.Store).LockOf(manifest) is { } locked)
        {
            AddRecipe(import, shown, locked, record.Labels.GetValueOrDefault(ContainerLabels.Project));
        }
        else
        {
            import.Gap(
                shown,
                record.ImageName,
                "the image has no lock, such as one that was captured or pulled: init --from takes the environment that it was captured of"
            );
        }

        if (record.Mounts.FirstOrDefault(mount => mount.Target == ProjectPython.Root)?.Source is { } python)
        {
            InstalledImport.AddPackages(import, ProjectPackages.Read(python), shown);
        }
    }

    private static void AddRecipe(Import import, string shown, RecipeLock locked, string? project)
    {
        var (recipe, draft) = (locked.Recipe, import.Draft);
        draft.Suite = recipe.Base.Suite;
        foreach (var package in recipe.Packages)
        {
            draft.AddPackage(package);
        }

        import.Became(shown, string.Join(", ", recipe.Packages), "packages");
        draft.Jupyter = recipe.Services.Jupyter is not null;
        draft.Ssh = recipe.Services.Ssh is not null;
        draft.Fit = recipe.Fit;
        foreach (var (name, value) in recipe.Image.Environment)
        {
            import.SetVariable(shown, name, name, value);
        }

        if (recipe.Python is { } python)
        {
            AddPython(import, shown, python, project);
        }

        var system = recipe.Base with { Suite = "" };
        if (!Same(system, new DebianBase { Suite = "" }))
        {
            import.Gap(shown, "[base]", "its mirrors, suites, components, keys and snapshot are those of a machine: copy what you need");
        }

        if (recipe.Mounts.Count > 0)
        {
            import.Gap(shown, "[[mounts]]", "its directories are those of another project: write your own");
        }
    }

    private static void AddPython(Import import, string shown, PythonSettings python, string? project)
    {
        foreach (var requirement in python.Packages)
        {
            import.AddPython(shown, requirement, requirement);
        }

        foreach (var index in python.Indexes)
        {
            import.AddIndex(shown, index, isExtra: false);
        }

        foreach (var index in python.ExtraIndexes)
        {
            import.AddIndex(shown, index, isExtra: true);
        }

        var files = python
            .Requirements.Concat(python.Constraints)
            .Concat(python.Pyproject is { } pyproject ? [pyproject] : [])
            .Concat(python.Pylock is { } pylock ? [pylock] : []);
        foreach (var file in files)
        {
            import.Gap(shown, file, $"a file of {project ?? "its project"}: copy it here and name it in [python]");
        }
    }

    private static bool Same(DebianBase one, DebianBase other) =>
        one.Components.SequenceEqual(other.Components)
        && one.Mirrors.Count + one.ExtraSuites.Count + one.Keyrings.Count == 0
        && one.Security == other.Security
        && one.Snapshot is null;
}
