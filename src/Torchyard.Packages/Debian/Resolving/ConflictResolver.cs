using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// Repairs what marking left broken, by score: the package that is worth less gives way (the behaviour of apt's pkgProblemResolver on an
/// empty machine, where keeping and removing a package are the same thing).
/// </summary>
internal sealed class ConflictResolver(Selection selection, InstallMarker marker, HashSet<int> asked)
{
    // apt's pkgProblemResolver::MaxCounter.
    private const int MostRounds = 20;

    private readonly HashSet<int> _triedAgain = [];
    private Scores _scores = null!;

    /// <summary>Repairs the selection; false when something stays broken.</summary>
    public bool Resolve()
    {
        if (!IsAnythingBroken())
        {
            return true;
        }

        _scores = new Scores(selection, asked);
        var order = _scores.InOrder();
        var changed = true;
        for (var round = 0; round < MostRounds && changed; round++)
        {
            changed = false;
            foreach (var name in order)
            {
                if (selection.Marked(name) is { } package && selection.IsBroken(name))
                {
                    changed |= Repair(package, round);
                }
            }
        }

        return !IsAnythingBroken();
    }

    private bool IsAnythingBroken() => selection.AllMarked().Any(package => selection.IsBroken(package.Name));

    private bool Repair(BinaryPackage package, int round)
    {
        var changed = false;
        var giveWay = new List<int>();
        var wishes = package.Dependencies(selection.Universe);
        for (int start = 0, end; start < wishes.Length && selection.Marked(package.Name) == package; start = end)
        {
            end = Selection.EndOfGroup(wishes, start);
            if (!wishes[start].IsCritical || selection.GroupHolds(package, wishes, start))
            {
                continue;
            }

            var outcome = MendGroup(package, wishes, start, end, giveWay);
            changed |= outcome != Outcome.Nothing;
            if (outcome == Outcome.Dropped)
            {
                break;
            }
        }

        return selection.Marked(package.Name) is null ? changed : changed | Remove(package, giveWay, round);
    }

    private Outcome MendGroup(BinaryPackage package, Dependency[] wishes, int start, int end, List<int> giveWay)
    {
        var isGroup = end - start > 1;
        var before = giveWay.Count;
        var holdBack = false;
        for (var i = start; i < end; i++)
        {
            var wish = wishes[i];
            var targets = Targets(package, wish);
            if (targets.Count == 0 && !wish.IsNegative && !selection.IsProtected(package.Name))
            {
                if (isGroup)
                {
                    continue;
                }

                marker.Keep(package.Name);
                return Outcome.Dropped;
            }

            foreach (var target in targets)
            {
                if (wish.IsNegative && selection.Marked(target.Name) != target)
                {
                    continue;
                }

                if (!wish.IsNegative || _scores[package.Name] <= _scores[target.Name])
                {
                    if (selection.IsProtected(package.Name))
                    {
                        if (TryInstall(target.Name))
                        {
                            _scores[target.Name] = Math.Min(_scores[target.Name], _scores[package.Name]);
                            break;
                        }

                        continue;
                    }

                    if (!isGroup)
                    {
                        marker.Keep(package.Name);
                        return Outcome.Dropped;
                    }

                    holdBack = true;
                    break;
                }

                if (selection.IsProtected(target.Name))
                {
                    continue;
                }

                giveWay.Add(target.Name);
            }
        }

        if (isGroup && giveWay.Count == before && !selection.GroupHolds(package, wishes, start) && !selection.IsProtected(package.Name))
        {
            marker.Keep(package.Name);
            return Outcome.Dropped;
        }

        return holdBack ? Outcome.Changed : Outcome.Nothing;
    }

    private bool Remove(BinaryPackage package, List<int> giveWay, int round)
    {
        var changed = false;
        foreach (var name in giveWay)
        {
            var kept = selection.Marked(name) is not null && marker.Keep(name);
            changed |= kept;
            if ((!kept || round > 1) && _scores[package.Name] > _scores[name])
            {
                _scores[name] = _scores[package.Name];
                changed = true;
            }
        }

        return changed;
    }

    // apt's DoUpgrade: marks one more package if all that it needs can be had the same way, each package once.
    private bool TryInstall(int name)
    {
        if (
            asked.Contains(name)
            || selection.Candidate(name) is null
            || !_triedAgain.Add(name)
            || !marker.Install(name, withDependencies: false, fromUser: false)
            || selection.Marked(name) is not { } package
        )
        {
            return false;
        }

        var wishes = package.Dependencies(selection.Universe);
        for (int start = 0, end; start < wishes.Length; start = end)
        {
            end = Selection.EndOfGroup(wishes, start);
            if (wishes[start].IsCritical && !wishes[start].IsNegative && !TryGroup(package, wishes, start, end))
            {
                marker.Keep(name);
                return false;
            }
        }

        return true;
    }

    private bool TryGroup(BinaryPackage package, Dependency[] wishes, int start, int end)
    {
        for (var i = start; i < end; i++)
        {
            if (selection.GroupHolds(package, wishes, start))
            {
                return true;
            }

            var target = selection.Universe.CandidateOf(wishes[i].Target) is not null ? wishes[i].Target : OnlyProvider(wishes[i].Target);
            if (target >= 0 && !selection.IsProtected(target) && selection.IsMetByCandidate(package, wishes[i]) && TryInstall(target))
            {
                return true;
            }
        }

        return selection.GroupHolds(package, wishes, start);
    }

    private int OnlyProvider(int name)
    {
        var only = -1;
        foreach (var provide in selection.Universe.ProvidersOf(name))
        {
            if (only >= 0 && only != provide.Package.Name)
            {
                break;
            }

            only = provide.Package.Name;
        }

        return only;
    }

    private List<BinaryPackage> Targets(BinaryPackage package, in Dependency wish)
    {
        var found = new List<BinaryPackage>();
        foreach (var version in selection.Universe.VersionsOf(wish.Target))
        {
            if (Selection.IsMetByVersion(package, wish, version))
            {
                found.Add(version);
            }
        }

        foreach (var provide in selection.Universe.ProvidersOf(wish.Target))
        {
            if (Selection.IsMetByProvide(package, wish, provide))
            {
                found.Add(provide.Package);
            }
        }

        return found;
    }

    private enum Outcome
    {
        Nothing,
        Changed,
        Dropped,
    }
}
