using System.Text;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// Finds the shortest story for a set of packages that cannot be installed together: follows what the requests need without a choice,
/// until something is missing or two of them collide, and tells the chain that leads there.
/// </summary>
internal sealed class CollisionExplainer
{
    private const string Code = PackageCodes.NothingFits;

    private readonly PackageUniverse _universe;
    private readonly Selection _outcome;
    private readonly Selection _fresh;
    private readonly List<BinaryPackage> _roots = [];
    private readonly Dictionary<BinaryPackage, (BinaryPackage Parent, int Wish)> _reachedFrom = [];
    private readonly Dictionary<BinaryPackage, bool> _hopeless = [];

    /// <summary>Prepares the story.</summary>
    /// <param name="universe">The packages.</param>
    /// <param name="outcome">Where resolving stopped.</param>
    /// <param name="requests">What was asked for.</param>
    public CollisionExplainer(PackageUniverse universe, Selection outcome, IEnumerable<PackageRequest> requests)
    {
        _universe = universe;
        _outcome = outcome;
        _fresh = new Selection(universe, recommends: false);
        foreach (var request in requests)
        {
            var name = universe.Find(request.Name);
            var package = request.Version is null
                ? universe.CandidateOf(name)
                : universe.VersionsOf(name).First(version => version.VersionText == request.Version);
            if (package is not null)
            {
                _fresh.SetCandidate(name, package);
                _roots.Add(package);
            }
        }
    }

    /// <summary>The error to throw.</summary>
    public TorchyardException Explain()
    {
        var forced = new List<BinaryPackage>();
        var open = new Queue<BinaryPackage>();
        foreach (var root in _roots)
        {
            if (_fresh.Marked(root.Name) is null)
            {
                _fresh.Mark(root.Name);
                forced.Add(root);
                open.Enqueue(root);
            }
        }

        while (open.TryDequeue(out var package))
        {
            var wishes = package.Dependencies(_universe);
            for (var start = 0; start < wishes.Length; start = Selection.EndOfGroup(wishes, start))
            {
                if (wishes[start].IsNegative || !wishes[start].IsCritical)
                {
                    continue;
                }

                var solutions = PossibleFor(package, wishes, start);
                if (solutions.Count == 0)
                {
                    return Missing(package, wishes, start);
                }

                if (solutions.Count == 1 && _fresh.Marked(solutions[0].Name) is null)
                {
                    _reachedFrom[solutions[0]] = (package, start);
                    _fresh.Mark(solutions[0].Name);
                    forced.Add(solutions[0]);
                    open.Enqueue(solutions[0]);
                }
            }
        }

        return Colliding(forced) ?? BrokenOutcome();
    }

    private List<BinaryPackage> PossibleFor(BinaryPackage package, Dependency[] wishes, int start)
    {
        var solutions = new Solutions(_fresh).Of(package, wishes, start).Distinct().ToList();
        return [.. solutions.Where(solution => !IsHopeless(solution, 0))];
    }

    // True when something that the package needs without a choice exists nowhere; conflicts are not looked at.
    private bool IsHopeless(BinaryPackage package, int depth)
    {
        if (_hopeless.TryGetValue(package, out var known))
        {
            return known;
        }

        // A cycle is not a reason against a package.
        _hopeless[package] = false;
        var wishes = package.Dependencies(_universe);
        for (var start = 0; start < wishes.Length; start = Selection.EndOfGroup(wishes, start))
        {
            if (
                !wishes[start].IsNegative
                && wishes[start].IsCritical
                && new Solutions(_fresh).Of(package, wishes, start).TrueForAll(solution => depth < 200 && IsHopeless(solution, depth + 1))
            )
            {
                _hopeless[package] = true;
                return true;
            }
        }

        return false;
    }

    private TorchyardException Missing(BinaryPackage package, Dependency[] wishes, int start)
    {
        // Where every alternative lacks something itself, the first one's lack is the story; a package is told once, or a cycle never ends.
        var told = new HashSet<BinaryPackage>([.. _roots, .. _reachedFrom.Keys]);
        var solutions = new Solutions(_fresh).Of(package, wishes, start);
        while (solutions.Find(solution => !told.Contains(solution)) is { } next)
        {
            told.Add(next);
            var inner = next.Dependencies(_universe);
            var lack = FindLack(next, inner);
            if (lack < 0)
            {
                break;
            }

            _reachedFrom[next] = (package, start);
            (package, wishes, start) = (next, inner, lack);
            solutions = new Solutions(_fresh).Of(package, wishes, start);
        }

        var have = solutions.Count > 0 ? "none of these can be installed" : Have(wishes, start);
        return new TorchyardException(
            Code,
            $"the packages cannot be installed: {Chain(package)} needs {Wish(package, wishes, start)}, but {have}",
            "add the suite or component that has it to the recipe's [base], loosen the pin, or leave the package out"
        );
    }

    private int FindLack(BinaryPackage package, Dependency[] wishes)
    {
        for (var start = 0; start < wishes.Length; start = Selection.EndOfGroup(wishes, start))
        {
            if (!wishes[start].IsNegative && wishes[start].IsCritical && PossibleFor(package, wishes, start).Count == 0)
            {
                return start;
            }
        }

        return -1;
    }

    private TorchyardException? Colliding(List<BinaryPackage> forced)
    {
        foreach (var package in forced)
        {
            foreach (var wish in package.Dependencies(_universe))
            {
                if (!wish.IsNegative || !_fresh.IsMetByMarked(package, wish))
                {
                    continue;
                }

                var other = Against(package, wish);
                var verb = wish.Kind == DependencyKind.Breaks ? "breaks" : "conflicts with";
                return new TorchyardException(
                    Code,
                    $"the packages cannot be installed together: {Chain(package)} {verb} "
                        + $"{Wish(package, [wish with { OrNext = false }], 0)}, "
                        + $"which {Chain(other)} is or provides",
                    $"leave out {Root(package)} or {Root(other)}, or choose other versions of them"
                );
            }
        }

        return null;
    }

    private BinaryPackage Against(BinaryPackage package, in Dependency wish)
    {
        if (_fresh.Marked(wish.Target) is { } direct && Selection.IsMetByVersion(package, wish, direct))
        {
            return direct;
        }

        foreach (var provide in _universe.ProvidersOf(wish.Target))
        {
            if (_fresh.Marked(provide.Package.Name) == provide.Package && Selection.IsMetByProvide(package, wish, provide))
            {
                return provide.Package;
            }
        }

        return package;
    }

    // No chain without a choice collides, so the search itself ran out of alternatives: say what it could not repair.
    private TorchyardException BrokenOutcome()
    {
        var lines = new List<string>();
        foreach (var package in _outcome.AllMarked())
        {
            var wishes = package.Dependencies(_universe);
            for (var start = 0; start < wishes.Length; start = Selection.EndOfGroup(wishes, start))
            {
                if (wishes[start].IsCritical && !_outcome.GroupHolds(package, wishes, start))
                {
                    lines.Add($"{Text(package)} {(wishes[start].IsNegative ? "excludes" : "needs")} {Wish(package, wishes, start)}");
                }
            }
        }

        foreach (var root in _roots.Where(root => _outcome.Marked(root.Name) is null))
        {
            lines.Add($"{Text(root)} had to give way");
        }

        return new TorchyardException(
            Code,
            "the packages cannot be installed together: " + string.Join("; ", lines.Take(5)),
            "leave out one of the packages named, or choose another version of it"
        );
    }

    // "a 1", or "a 1 needs b 2, which needs c 3, which": the subject of the sentence that the caller goes on with.
    private string Chain(BinaryPackage package)
    {
        var parts = new List<string> { Text(package) };
        while (_reachedFrom.TryGetValue(package, out var from))
        {
            package = from.Parent;
            parts.Insert(0, Text(package));
        }

        return parts.Count == 1 ? parts[0] : $"{parts[0]} needs {string.Join(", which needs ", parts.Skip(1))}, which";
    }

    private string Root(BinaryPackage package)
    {
        while (_reachedFrom.TryGetValue(package, out var from))
        {
            package = from.Parent;
        }

        return _universe.Names.Text(package.Name);
    }

    // What is not Debian's is named with its place, which is where it can be changed.
    private string Text(BinaryPackage package)
    {
        var index = package.Index;
        var place = index.File ?? (index.IsFurther ? index.ArchiveId : null);
        return $"{_universe.Names.Text(package.Name)} {package.VersionText}{(place is null ? "" : $" ({place})")}";
    }

    private string Wish(BinaryPackage package, Dependency[] wishes, int start)
    {
        var text = new StringBuilder();
        for (var i = start; ; i++)
        {
            text.Append(_universe.Names.Text(wishes[i].Target));
            if (wishes[i].Relation != VersionRelation.Any)
            {
                text.Append(" (")
                    .Append(wishes[i].Relation.Symbol())
                    .Append(' ')
                    .Append(Encoding.UTF8.GetString(wishes[i].Version.Of(package.Index.Text)))
                    .Append(')');
            }

            if (!wishes[i].OrNext)
            {
                return text.ToString();
            }

            text.Append(" or ");
        }
    }

    private string Have(Dependency[] wishes, int start)
    {
        var have = new List<string>();
        var end = Selection.EndOfGroup(wishes, start);
        for (var i = start; i < end; i++)
        {
            if (_fresh.Candidate(wishes[i].Target) is { } package)
            {
                have.Add(Text(package));
            }
        }

        return have.Count == 0 ? "no archive of the recipe has it" : $"only {string.Join(" and ", have)} can be had";
    }
}
