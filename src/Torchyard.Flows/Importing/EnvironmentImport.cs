using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Starting;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Settings;
using ProjectPython = Torchyard.Images.Environments.ProjectPython;

namespace Torchyard.Flows.Importing;

/// <summary>
/// A running environment as part of a recipe: what its image was made of, what it was started with, and what pip has added since.
/// </summary>
internal static class EnvironmentImport
{
    /// <summary>Adds an environment.</summary>
    public static void Add(Import import, Host host, ContainerRecord record)
    {
        var shown = record.Name;
        Recipe? recipe = null;
        if (Digest.TryParse(record.ImageDigest, out var manifest) && new ImageStore(host.Store).LockOf(manifest) is { } locked)
        {
            recipe = locked.Recipe;
            AddRecipe(import, shown, recipe, record.Labels.GetValueOrDefault(ContainerLabels.Project));
        }
        else
        {
            import.Gap(
                shown,
                record.ImageName,
                "the image has no lock, such as one that was captured or pulled: init --from takes the environment that it was captured of"
            );
        }

        RunningImport.Add(import, host, record, recipe);
        if (record.Mounts.FirstOrDefault(mount => mount.Target == ProjectPython.Root)?.Source is { } python)
        {
            InstalledImport.AddPackages(import, ProjectPackages.Read(python), shown);
        }
    }

    /// <summary>Adds the recipe of an image.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="shown">Name of the environment.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="project">Directory of its project; null where nobody knows it.</param>
    internal static void AddRecipe(Import import, string shown, Recipe recipe, string? project)
    {
        // Where the recipe was, its files are.
        var files = new NamedFiles(import, shown, project);
        var draft = import.Draft;
        draft.Suite = recipe.Base.Suite;
        foreach (var package in recipe.Packages)
        {
            draft.AddPackage(package);
        }

        import.Became(shown, string.Join(", ", recipe.Packages), "packages");
        if (recipe.Recommends)
        {
            import.Take(shown, "recommends", "recommends", taken => taken with { Recommends = true });
        }

        draft.Fit = recipe.Fit is { } fit ? fit with { Fleet = files.Kept(fit.Fleet) } : null;
        AddBase(import, shown, recipe.Base, files);
        if (recipe.Python is { } python)
        {
            AddPython(import, shown, python, files);
        }

        if (recipe.Cudnn is { } cudnn)
        {
            import.Take(shown, "[cudnn]", "cudnn", taken => taken with { Cudnn = cudnn with { Archive = files.Kept(cudnn.Archive) } });
        }

        if (recipe.CudaCompat is { } compat)
        {
            import.Take(shown, "[cuda-compat]", "cuda-compat", taken =>
                taken with
                {
                    CudaCompat = compat with { Archive = files.Kept(compat.Archive) },
                }
            );
        }

        if (!recipe.Services.IsEmpty)
        {
            var names = string.Join(", ", recipe.Services.Ports.Select(service => service.Name));
            import.Take(shown, names, "services", taken => taken with { Services = recipe.Services });
        }

        AddImage(import, shown, recipe.Image);
    }

    private static void AddBase(Import import, string shown, DebianBase settings, NamedFiles files)
    {
        var own = settings with { Suite = "trixie", Keyrings = [.. settings.Keyrings.Select(files.Kept).OfType<string>()] };
        var usual = new DebianBase { Suite = "trixie" };
        if (
            own with
            {
                Components = usual.Components,
                Mirrors = usual.Mirrors,
                ExtraSuites = usual.ExtraSuites,
                Keyrings = usual.Keyrings,
            } != usual
            || !own.Components.SequenceEqual(usual.Components)
            || own.Mirrors.Count + own.ExtraSuites.Count + own.Keyrings.Count > 0
        )
        {
            import.Take(shown, "[base]", "base", taken => taken with { Base = own });
        }
    }

    private static void AddImage(Import import, string shown, ImageSettings image)
    {
        var usual = new ImageSettings();
        var own = image with { Environment = usual.Environment, Labels = usual.Labels };
        if (own != usual)
        {
            import.Take(shown, "[image]", "image", taken => taken with { Image = own });
        }

        foreach (var (name, value) in image.Environment)
        {
            import.SetVariable(shown, name, name, value);
        }

        foreach (var (name, value) in image.Labels)
        {
            import.Took(shown, name, "image.labels", import.Draft.SetLabel(name, value));
        }
    }

    private static void AddPython(Import import, string shown, PythonSettings python, NamedFiles files)
    {
        var draft = import.Draft;
        foreach (var requirement in python.Packages)
        {
            if (requirement.StartsWith('.') && files.Kept(requirement) is null)
            {
                continue;
            }

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

        foreach (var file in python.Requirements.Select(files.Kept).OfType<string>())
        {
            draft.AddRequirementFile(file);
            import.Became(shown, file, "python.requirements");
        }

        foreach (var file in python.Constraints.Select(files.Kept).OfType<string>())
        {
            draft.AddConstraintFile(file);
            import.Became(shown, file, "python.constraints");
        }

        foreach (var links in python.FindLinks)
        {
            if (links.Contains("://", StringComparison.Ordinal) || files.Kept(links) is not null)
            {
                import.AddFindLinks(shown, links);
            }
        }

        foreach (var name in python.OnlyBinary)
        {
            draft.AddOnlyBinary(name);
            import.Became(shown, name, "python.only-binary");
        }

        if (files.Kept(python.Pyproject) is { } pyproject)
        {
            draft.Pyproject = pyproject;
            (draft.PyprojectExtras, draft.PyprojectGroups) = (python.PyprojectExtras, python.PyprojectGroups);
            import.Became(shown, pyproject, "python.pyproject");
        }

        if (files.Kept(python.Pylock) is { } pylock)
        {
            draft.Pylock = pylock;
            import.Became(shown, pylock, "python.pylock");
        }

        if (python.BuildPackages.Count > 0)
        {
            import.Take(shown, string.Join(", ", python.BuildPackages), "python.build-packages", taken =>
                taken with
                {
                    Python = new PythonSettings { BuildPackages = python.BuildPackages },
                }
            );
        }
    }

    /// <summary>Files that the recipe names: those of this project are here, and others have to be copied.</summary>
    private sealed class NamedFiles(Import import, string shown, string? project)
    {
        /// <summary>The file, where it is one of this project; null for another, which is said.</summary>
        public string? Kept(string? file)
        {
            if (file is null || project == import.Project)
            {
                return file;
            }

            import.Gap(shown, file, $"a file of {project ?? "its project"}: copy it here, and name it in the recipe");
            return null;
        }
    }
}
