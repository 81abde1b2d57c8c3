using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// Marks packages with all they need, with the choices that apt's own marking makes (pkgDepCache::MarkInstall as of apt 2.6, its
/// behaviour on an empty machine). What the user asked for is decided; so is what follows from it without a choice, and whatever
/// conflicts with a decided package is ruled out before the first free choice is made.
/// </summary>
internal sealed class InstallMarker(Selection selection)
{
    // apt gives up at the same depth; real archives stay below a few hundred.
    private const int MostDepth = 3000;

    private readonly Solutions _solutions = new(selection);

    /// <summary>Marks a package; false when it cannot be installed.</summary>
    /// <param name="name">The package.</param>
    /// <param name="withDependencies">Mark what it needs too.</param>
    /// <param name="fromUser">True for what the recipe names.</param>
    /// <param name="depth">How many packages led here.</param>
    public bool Install(int name, bool withDependencies, bool fromUser, int depth = 0)
    {
        if (!MayChange(name, install: true, fromUser, depth) || selection.Candidate(name) is not { } package)
        {
            return false;
        }

        var isDecided = selection.IsProtected(name);
        if (!isDecided && selection.Marked(name) is not null && !selection.IsBrokenOrLacking(name))
        {
            return true;
        }

        if (withDependencies && !CanBeMet(package))
        {
            return false;
        }

        if (!withDependencies)
        {
            selection.Mark(name);
            return true;
        }

        return InstallWithDependencies(package, isDecided, fromUser, depth);
    }

    /// <summary>Takes a mark away unless the decision is final.</summary>
    public bool Keep(int name)
    {
        if (selection.Marked(name) is not null && selection.IsProtected(name))
        {
            return false;
        }

        selection.Unmark(name);
        return true;
    }

    private bool InstallWithDependencies(BinaryPackage package, bool isDecided, bool fromUser, int depth)
    {
        var failEarly = !isDecided && !fromUser;
        if (fromUser)
        {
            selection.Mark(package.Name);
        }

        var wishes = package.Dependencies(selection.Universe);
        var (toInstall, toRemove) = Collect(package, wishes, isDecided);
        var failed = !RuleOutConflicts(package, wishes, toRemove, isDecided, fromUser);
        if (failed && failEarly)
        {
            return false;
        }

        selection.Mark(package.Name);

        // While its dependencies are marked nothing may take the package itself away.
        selection.Protect(package.Name);
        var complete = InstallDependencies(package, wishes, toInstall, isDecided, fromUser, depth);
        if (!isDecided)
        {
            selection.Protect(package.Name, false);
        }

        if (!complete && failEarly)
        {
            selection.Unmark(package.Name);
            selection.SetCandidate(package.Name, null);
            return false;
        }

        return complete && !failed;
    }

    private bool MayChange(int name, bool install, bool fromUser, int depth)
    {
        if (depth > MostDepth || selection.Universe.CandidateOf(name) is null)
        {
            return false;
        }

        return fromUser || selection.Marked(name) is not null == install || !selection.IsProtected(name);
    }

    // A package with a dependency that no candidate meets is not a candidate either.
    private bool CanBeMet(BinaryPackage package)
    {
        var wishes = package.Dependencies(selection.Universe);
        for (int start = 0, end; start < wishes.Length; start = end)
        {
            end = Selection.EndOfGroup(wishes, start);
            if (wishes[start].IsNegative || !wishes[start].IsCritical)
            {
                continue;
            }

            var possible = false;
            for (var i = start; i < end && !possible; i++)
            {
                possible = selection.IsMetByMarked(package, wishes[i]) || selection.IsMetByCandidate(package, wishes[i]);
            }

            if (!possible)
            {
                if (!selection.IsProtected(package.Name))
                {
                    selection.SetCandidate(package.Name, null);
                    selection.Unmark(package.Name);
                }

                return false;
            }
        }

        return true;
    }

    private (List<int> ToInstall, List<int> ToRemove) Collect(BinaryPackage package, Dependency[] wishes, bool all)
    {
        List<int> toInstall = [],
            toRemove = [];
        for (var start = 0; start < wishes.Length; start = Selection.EndOfGroup(wishes, start))
        {
            if ((!all && selection.GroupHolds(package, wishes, start)) || !selection.IsImportant(wishes[start]))
            {
                continue;
            }

            (wishes[start].IsNegative ? toRemove : toInstall).Add(start);
        }

        return (toInstall, toRemove);
    }

    private bool RuleOutConflicts(BinaryPackage package, Dependency[] wishes, List<int> toRemove, bool isDecided, bool fromUser)
    {
        var failed = false;
        foreach (var at in toRemove)
        {
            foreach (var other in _solutions.Of(package, wishes, at))
            {
                if (selection.Candidate(other.Name) != other)
                {
                    continue;
                }

                if (selection.Marked(other.Name) is not null && !Keep(other.Name))
                {
                    failed = true;
                    if (!isDecided && !fromUser)
                    {
                        return false;
                    }
                }
                else if (isDecided)
                {
                    selection.SetCandidate(other.Name, selection.Marked(other.Name));
                    selection.Protect(other.Name);
                }
            }
        }

        return !failed;
    }

    private bool InstallDependencies(
        BinaryPackage package,
        Dependency[] wishes,
        List<int> toInstall,
        bool isDecided,
        bool fromUser,
        int depth
    )
    {
        var failed = false;
        foreach (var start in toInstall)
        {
            var isCritical = wishes[start].IsCritical;
            if (selection.GroupHolds(package, wishes, start))
            {
                if (isDecided && isCritical)
                {
                    failed |= !DecideOnlySolution(package, wishes, start, depth);
                }
            }
            else if (!InstallFirstSolution(package, wishes, start, isDecided, depth) && isCritical)
            {
                failed = true;
                if (!isDecided && !fromUser)
                {
                    break;
                }
            }
        }

        return !failed;
    }

    private bool DecideOnlySolution(BinaryPackage package, Dependency[] wishes, int start, int depth)
    {
        var solutions = _solutions.Of(package, wishes, start);
        if (solutions.Distinct().Take(2).Count() != 1 || selection.IsProtected(solutions[0].Name))
        {
            return true;
        }

        selection.Protect(solutions[0].Name);
        return Install(solutions[0].Name, withDependencies: true, fromUser: false, depth + 1);
    }

    private bool InstallFirstSolution(BinaryPackage package, Dependency[] wishes, int start, bool isDecided, int depth)
    {
        var solutions = _solutions.Of(package, wishes, start);
        foreach (var solution in solutions)
        {
            var name = solution.Name;
            if (selection.Candidate(name) != solution)
            {
                continue;
            }

            if (isDecided && wishes[start].IsCritical && solutions.Count == 1)
            {
                if (!Install(name, withDependencies: false, fromUser: false, depth + 1))
                {
                    continue;
                }

                selection.Protect(name);
            }

            if (Install(name, withDependencies: true, fromUser: false, depth + 1))
            {
                return true;
            }
        }

        return false;
    }
}
