using Torchyard.Images.Sources;
using Torchyard.Packages.Python.Markers;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>Why a lock has a Python distribution, or something that wheels are built with.</summary>
internal static class PythonReasons
{
    private const int MostChains = 8;

    /// <summary>The reason; null when the lock has none of that name.</summary>
    public static LayerReason? Find(RecipeLock locked, string asked)
    {
        var python = locked.Python!;
        if (ProjectName.TryParse(asked, out var name))
        {
            if (python.Packages.FirstOrDefault(found => found.Name == name.Normal) is { } distribution)
            {
                return Reason(distribution, Chains(python.Packages, distribution.Name), Facts(python, distribution));
            }

            if (python.BuildPackages.FirstOrDefault(found => found.Name == name.Normal) is { } tool)
            {
                var users = python
                    .Packages.Concat(python.BuildPackages)
                    .Where(user => user.Source?.BuiltWith.Contains(tool.Filename) == true)
                    .Select(user => user.Name);
                return Reason(
                    tool,
                    [],
                    [
                        $"wheels are built with it, of {string.Join(", ", users)}; it is not in the image",
                        $"{tool.Filename}, resolved by {python.Resolver}",
                    ]
                );
            }
        }

        return locked.BuildPackages.FirstOrDefault(found => found.Name == asked) is { } builder
            ? new LayerReason(
                $"{builder.Name} {builder.Version}",
                "debian",
                [],
                [
                    "build-packages of [python], or a Git repository in it, asks for it or for what needs it: it is there while wheels "
                        + "are built, and not in the image",
                ]
            )
            {
                Title = "Debian",
            }
            : null;
    }

    private static LayerReason Reason(
        LockedPythonPackage package,
        IReadOnlyList<IReadOnlyList<string>> chains,
        IReadOnlyList<string> facts
    ) => new($"{package.Name} {package.Version}", "python", chains, facts) { Title = "Python" };

    // Breadth first from the package upwards, so that the first chains found are the shortest; a cycle is never walked twice.
    private static List<IReadOnlyList<string>> Chains(IReadOnlyList<LockedPythonPackage> packages, string target)
    {
        var parents = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            foreach (var child in package.Requires)
            {
                (parents.TryGetValue(child, out var list) ? list : parents[child] = []).Add(package.Name);
            }
        }

        var requested = packages.Where(package => package.Requested).Select(package => package.Name).ToHashSet(StringComparer.Ordinal);
        var next = new Dictionary<string, string?>(StringComparer.Ordinal) { [target] = null };
        var queue = new Queue<string>([target]);
        var chains = new List<IReadOnlyList<string>>();
        while (queue.TryDequeue(out var name) && chains.Count < MostChains)
        {
            if (requested.Contains(name))
            {
                var chain = new List<string>();
                for (var at = name; at is not null; at = next[at])
                {
                    chain.Add(at);
                }

                chains.Add(chain);
                continue;
            }

            foreach (var parent in parents.GetValueOrDefault(name, []).Order(StringComparer.Ordinal))
            {
                if (next.TryAdd(parent, name))
                {
                    queue.Enqueue(parent);
                }
            }
        }

        return chains;
    }

    private static List<string> Facts(LockedPython python, LockedPythonPackage package)
    {
        var facts = new List<string>();
        var index = python.Indexes.FirstOrDefault(found => found.Id == package.Index);
        if (index is not null && python.Indexes.Count > 1)
        {
            facts.Add($"{index.Url} is the first of the recipe's indexes that has {package.Name}");
        }

        if (package.Source is { } source)
        {
            var with = source.BuiltWith.Count == 0 ? "with nothing but Python" : $"with {string.Join(", ", source.BuiltWith.Select(Tool))}";
            facts.Add(
                source.IsGit
                    ? $"built from commit {source.Commit} of "
                        + $"{source.Url}{(source.Revision is null ? "" : $", which was {source.Revision}")}, {with}"
                    : $"built from {source.Filename}, {with}"
            );
        }

        var origin = index?.Url ?? package.Source?.Url ?? package.Url ?? package.Source?.Path ?? package.Path ?? "the recipe";
        facts.Add($"{package.Filename} from {origin}, resolved by {python.Resolver} for CPython {python.Interpreter}");
        return facts;
    }

    // setuptools-80.9.0-py3-none-any.whl
    private static string Tool(string filename) => string.Join(' ', filename.Split('-').Take(2));
}
