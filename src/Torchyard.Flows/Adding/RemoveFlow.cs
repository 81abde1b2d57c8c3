using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Packages.Python.Markers;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Editing;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Adding;

/// <summary>Takes packages out of a recipe, and locks it.</summary>
internal sealed class RemoveFlow(Host host)
{
    /// <summary>Removes, and locks.</summary>
    /// <exception cref="TorchyardException">TY1056: the recipe does not name the package; as
    /// <see cref="RecipeEdit.FinishAsync"/>.</exception>
    public Task<EditOutcome> RunAsync(EditRequest request, CancellationToken cancellation)
    {
        var edit = RecipeEdit.Open(host, request);
        foreach (var package in request.Packages)
        {
            Remove(edit, request, package);
        }

        return edit.FinishAsync(cancellation);
    }

    private void Remove(RecipeEdit edit, EditRequest request, string package)
    {
        if (package.EndsWith(".deb", StringComparison.Ordinal) && !edit.Editor.Items(RecipeList.Packages).Contains(package))
        {
            package = edit.RelativePath(package);
        }

        var name = ProjectName.TryParse(package, out var normal) ? normal.Normal : package;
        // A package file is known by its name once it is locked.
        var file = new Lazy<string?>(() =>
            LockPlace.Read(edit.Source, host.Store)?.Packages.FirstOrDefault(one => one.Name == package && one.Path is not null)?.Path
        );
        foreach (
            var list in request.System ? [RecipeList.Packages] : new[] { RecipeList.Python, RecipeList.Requirements, RecipeList.Packages }
        )
        {
            var at = edit
                .Editor.Items(list)
                .ToList()
                .FindIndex(item =>
                    item == package
                    || (list == RecipeList.Packages && item == file.Value)
                    || (list != RecipeList.Requirements && NameOf(list, item) == name)
                );
            if (at >= 0)
            {
                edit.Editor.Remove(list, at);
                return;
            }
        }

        var named = edit
            .Editor.Items(RecipeList.Python)
            .Select(item => NameOf(RecipeList.Python, item))
            .Concat(edit.Editor.Items(RecipeList.Packages).Select(item => NameOf(RecipeList.Packages, item)))
            .ToList();
        var locked = LockPlace.Read(edit.Source, host.Store);
        var isLocked =
            locked?.Python?.Packages.Any(one => one.Name == name) == true || locked?.Packages.Any(one => one.Name == package) == true;
        throw new TorchyardException(
            "TY1056",
            $"the recipe does not name '{VisibleText.Of(package)}'",
            VisibleText.Of(
                isLocked ? $"it comes with something else, or is named by a file: torchyard why {package}"
                : NearestName.Find(package, named) is { } nearest ? $"did you mean '{nearest}'?"
                : named.Count == 0 ? "look at the recipe, which names no package"
                : $"name {(named.Count > 1 ? "one of " : "")}{string.Join(", ", named.Take(8))}{(named.Count > 8 ? ", …" : "")}"
            )
        )
        {
            IsUsage = true,
        };
    }

    private static string NameOf(RecipeList list, string item) =>
        list == RecipeList.Packages ? PackageFile.NameOf(item)
        : Requirement.TryParse(item, out var requirement, out _) ? requirement.Name.Normal
        : item;
}
