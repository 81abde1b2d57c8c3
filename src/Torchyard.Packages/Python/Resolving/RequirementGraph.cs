using Torchyard.Packages.Python.Markers;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>Who needs whom among the distributions of a lock, with extras and markers evaluated for the image's interpreter.</summary>
internal static class RequirementGraph
{
    /// <summary>Fills in <see cref="LockedPythonPackage.Requires"/> and the extras that others ask for; by name (ordinal).</summary>
    public static IReadOnlyList<LockedPythonPackage> Link(
        IReadOnlyList<LockedPythonPackage> packages,
        IReadOnlyDictionary<string, IReadOnlyList<string>> requiresDist,
        MarkerEnvironment environment
    )
    {
        var extras = packages.ToDictionary(
            p => p.Name,
            p => new SortedSet<string>(p.Extras, StringComparer.Ordinal),
            StringComparer.Ordinal
        );
        var requires = packages.ToDictionary(p => p.Name, _ => new SortedSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        var requirements = requiresDist.ToDictionary(
            r => r.Key,
            r => r.Value.Select(t => Requirement.TryParse(t, out var parsed, out _) ? parsed : null).OfType<Requirement>().ToList(),
            StringComparer.Ordinal
        );
        var waiting = new Queue<string>(packages.Select(p => p.Name));
        while (waiting.TryDequeue(out var name))
        {
            foreach (var requirement in requirements.GetValueOrDefault(name) ?? [])
            {
                if (!requires.ContainsKey(requirement.Name.Normal) || !requirement.Applies(environment, extras[name]))
                {
                    continue;
                }

                requires[name].Add(requirement.Name.Normal);
                var grown = false;
                foreach (var extra in requirement.Extras)
                {
                    grown |= extras[requirement.Name.Normal].Add(extra);
                }

                if (grown)
                {
                    waiting.Enqueue(requirement.Name.Normal);
                }
            }
        }

        return
        [
            .. packages
                .OrderBy(p => p.Name, StringComparer.Ordinal)
                .Select(p => p with { Extras = [.. extras[p.Name]], Requires = [.. requires[p.Name].Where(r => r != p.Name)] }),
        ];
    }
}
