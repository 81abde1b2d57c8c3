using Torchyard.Images.Debian.Packages;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// Cuts the packages of a lock into stages that are configured one upon the other, each with layers of its own. A stage depends only on
/// what comes before it in the recipe, so a package added at a recipe's end leaves all earlier stages, and their layers, as they are; and a
/// build from nothing goes through the same stages, so both give the same image.
/// </summary>
internal static class StagePlanner
{
    /// <summary>
    /// Packages from which on a stage is closed: fewer stages cost less (two starts of the sandbox each, about 0.2 s), smaller ones are
    /// redone faster.
    /// </summary>
    private const int StageSize = 8;

    internal static IReadOnlyList<IReadOnlyList<LockedDebianPackage>> Plan(
        RecipeLock locked,
        IReadOnlyDictionary<LockedDebianPackage, ControlParagraph> controls
    )
    {
        var relations = new PackageRelations(locked.Packages.Select(package => controls[package]));
        var byName = locked.Packages.ToLookup(package => package.Name, StringComparer.Ordinal);
        var placed = new HashSet<string>(StringComparer.Ordinal);
        var stages = new List<IReadOnlyList<LockedDebianPackage>>();
        var open = new SortedSet<string>(StringComparer.Ordinal);

        // The first stage is the base system, which is the same for all images of a release: what every lock has without being asked.
        Take(locked.Packages.Where(IsBase).Select(package => package.Name));
        Close();
        foreach (var name in RequestOrder(locked))
        {
            Take([name]);
            if (open.Count >= StageSize)
            {
                Close();
            }
        }

        Take(locked.Packages.Select(package => package.Name));
        Close();
        return stages;

        // Debian's own notion of a base system (debian-policy 2.5, debootstrap's minbase): Essential, Priority: required, and apt.
        bool IsBase(LockedDebianPackage package) =>
            package.Essential || package.Name == "apt" || controls[package]["Priority"] == "required";

        void Take(IEnumerable<string> names)
        {
            foreach (var name in names)
            {
                var closure = new HashSet<string>(StringComparer.Ordinal);
                relations.AddClosure(name, closure);
                foreach (var member in closure)
                {
                    if (placed.Add(member))
                    {
                        open.Add(member);
                    }
                }
            }
        }

        void Close()
        {
            if (open.Count > 0)
            {
                stages.Add([.. open.SelectMany(name => byName[name])]);
                open.Clear();
            }
        }
    }

    /// <summary>What was asked for: first what the program adds for services, by name; then the recipe's own list in its order.</summary>
    private static IEnumerable<string> RequestOrder(RecipeLock locked)
    {
        var recipe = locked
            .Recipe.Packages.Select(text =>
                locked.Packages.FirstOrDefault(package => package.Path == text)?.Name
                ?? text[..(text.IndexOfAny([':', '=', '/']) is var end and >= 0 ? end : text.Length)]
            )
            .ToArray();
        return locked
            .Packages.Where(package => package.Requested)
            .Select(package => package.Name)
            .Except(recipe, StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .Concat(recipe);
    }
}
