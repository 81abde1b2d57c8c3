using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>The packages that were chosen.</summary>
/// <param name="Packages">By name (ordinal).</param>
internal sealed record Resolution(IReadOnlyList<ResolvedPackage> Packages)
{
    /// <summary>Reads the result out of a finished selection.</summary>
    public static Resolution Of(Selection selection, HashSet<int> requested)
    {
        var essential = EssentialClosure(selection);
        return new Resolution([
            .. selection
                .AllMarked()
                .Select(package => new ResolvedPackage(
                    selection.Universe.Names.Text(package.Name),
                    package,
                    essential.Contains(package.Name),
                    requested.Contains(package.Name)
                ))
                .OrderBy(package => package.Name, StringComparer.Ordinal),
        ]);
    }

    // Essential packages and all they depend on: these must be unpacked before any maintainer script runs.
    private static HashSet<int> EssentialClosure(Selection selection)
    {
        var closure = new HashSet<int>();
        var open = new Stack<BinaryPackage>();
        foreach (var package in selection.AllMarked().Where(package => package.IsEssential))
        {
            closure.Add(package.Name);
            open.Push(package);
        }

        while (open.TryPop(out var package))
        {
            foreach (var wish in package.Dependencies(selection.Universe))
            {
                if (wish.Kind is not (DependencyKind.Depends or DependencyKind.PreDepends))
                {
                    continue;
                }

                if (
                    selection.Marked(wish.Target) is { } direct
                    && Selection.IsMetByVersion(package, wish, direct)
                    && closure.Add(direct.Name)
                )
                {
                    open.Push(direct);
                }

                foreach (var provide in selection.Universe.ProvidersOf(wish.Target))
                {
                    if (
                        selection.Marked(provide.Package.Name) == provide.Package
                        && Selection.IsMetByProvide(package, wish, provide)
                        && closure.Add(provide.Package.Name)
                    )
                    {
                        open.Push(provide.Package);
                    }
                }
            }
        }

        return closure;
    }
}

/// <summary>One chosen package.</summary>
/// <param name="Name">Package name.</param>
/// <param name="Package">Where it is described.</param>
/// <param name="IsEssential">Essential, or needed by an Essential package.</param>
/// <param name="IsRequested">The recipe named it.</param>
internal sealed record ResolvedPackage(string Name, BinaryPackage Package, bool IsEssential, bool IsRequested);
