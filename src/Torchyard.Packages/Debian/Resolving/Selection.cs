using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Versions;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// The state of a resolve from an empty machine: for each name the version that may be installed, the version that is marked for
/// installation, and whether that decision is final. Names are numbers of <see cref="PackageUniverse.Names"/>.
/// </summary>
internal sealed class Selection
{
    private readonly BinaryPackage?[] _candidates;
    private readonly BinaryPackage?[] _marked;
    private readonly bool[] _protected;

    /// <summary>Starts with nothing marked and apt's default candidates.</summary>
    /// <param name="universe">The packages.</param>
    /// <param name="recommends">True when Recommends count like Depends where they can be met.</param>
    public Selection(PackageUniverse universe, bool recommends)
    {
        Universe = universe;
        Recommends = recommends;
        var count = universe.Names.Count;
        _candidates = new BinaryPackage?[count];
        _marked = new BinaryPackage?[count];
        _protected = new bool[count];
        for (var name = 0; name < count; name++)
        {
            _candidates[name] = universe.CandidateOf(name);
        }
    }

    /// <summary>The packages.</summary>
    public PackageUniverse Universe { get; }

    /// <summary>True when Recommends are followed.</summary>
    public bool Recommends { get; }

    /// <summary>Most names; arrays beside this one use it.</summary>
    public int Count => _marked.Length;

    /// <summary>The version that may be installed, or null.</summary>
    public BinaryPackage? Candidate(int name) => _candidates[name];

    /// <summary>The version that is marked for installation, or null.</summary>
    public BinaryPackage? Marked(int name) => _marked[name];

    /// <summary>True when the decision about the name is final.</summary>
    public bool IsProtected(int name) => _protected[name];

    /// <summary>Chooses another candidate.</summary>
    public void SetCandidate(int name, BinaryPackage? package) => _candidates[name] = package;

    /// <summary>Marks the candidate for installation.</summary>
    public void Mark(int name) => _marked[name] = _candidates[name];

    /// <summary>Takes the mark away.</summary>
    public void Unmark(int name) => _marked[name] = null;

    /// <summary>Makes the decision about the name final, or open again.</summary>
    public void Protect(int name, bool value = true) => _protected[name] = value;

    /// <summary>All marked packages, by number of the name.</summary>
    public IEnumerable<BinaryPackage> AllMarked() => _marked.Where(package => package is not null)!;

    /// <summary>True when a marked package meets the wish; for Conflicts and Breaks: when one is in the way.</summary>
    public bool IsMetByMarked(BinaryPackage owner, in Dependency wish) => IsMet(owner, wish, _marked);

    /// <summary>True when a candidate meets the wish; for Conflicts and Breaks: when one is in the way.</summary>
    public bool IsMetByCandidate(BinaryPackage owner, in Dependency wish) => IsMet(owner, wish, _candidates);

    /// <summary>True for what must hold, and for Recommends when they are followed.</summary>
    public bool IsImportant(in Dependency wish) => wish.IsCritical || (Recommends && wish.Kind == DependencyKind.Recommends);

    /// <summary>True when the name is marked and some critical dependency of the marked version does not hold.</summary>
    public bool IsBroken(int name) => FindUnmet(name, criticalOnly: true);

    /// <summary>As <see cref="IsBroken"/>, and followed Recommends count too.</summary>
    public bool IsBrokenOrLacking(int name) => FindUnmet(name, criticalOnly: false);

    /// <summary>True when the group that begins at <paramref name="start"/> holds among the marked packages.</summary>
    public bool GroupHolds(BinaryPackage owner, Dependency[] wishes, int start)
    {
        for (var i = start; ; i++)
        {
            if (IsMetByMarked(owner, wishes[i]) != wishes[i].IsNegative)
            {
                return true;
            }

            if (!wishes[i].OrNext)
            {
                return false;
            }
        }
    }

    /// <summary>Index after the group that begins at <paramref name="start"/>.</summary>
    public static int EndOfGroup(Dependency[] wishes, int start)
    {
        while (wishes[start].OrNext)
        {
            start++;
        }

        return start + 1;
    }

    /// <summary>True when a package of the target's own name meets the wish by its version.</summary>
    public static bool IsMetByVersion(BinaryPackage owner, in Dependency wish, BinaryPackage package) =>
        !(wish.IsNegative && package.Name == owner.Name) && wish.Relation.IsMetBy(package.VersionBytes, wish.Version.Of(owner.Index.Text));

    /// <summary>
    /// True when a provided name meets the wish; an unversioned Provides never meets a versioned wish (Debian Policy 7.5).
    /// </summary>
    public static bool IsMetByProvide(BinaryPackage owner, in Dependency wish, in PackageUniverse.Provide provide) =>
        !(wish.IsNegative && provide.Package.Name == owner.Name)
        && (
            wish.Relation == VersionRelation.Any
            || (provide.Version.Length > 0 && wish.Relation.IsMetBy(provide.VersionBytes, wish.Version.Of(owner.Index.Text)))
        );

    private bool IsMet(BinaryPackage owner, in Dependency wish, BinaryPackage?[] chosen)
    {
        if (chosen[wish.Target] is { } direct && IsMetByVersion(owner, wish, direct))
        {
            return true;
        }

        foreach (var provide in Universe.ProvidersOf(wish.Target))
        {
            if (chosen[provide.Package.Name] == provide.Package && IsMetByProvide(owner, wish, provide))
            {
                return true;
            }
        }

        return false;
    }

    private bool FindUnmet(int name, bool criticalOnly)
    {
        if (_marked[name] is not { } package)
        {
            return false;
        }

        var wishes = package.Dependencies(Universe);
        for (var start = 0; start < wishes.Length; start = EndOfGroup(wishes, start))
        {
            if ((criticalOnly ? wishes[start].IsCritical : IsImportant(wishes[start])) && !GroupHolds(package, wishes, start))
            {
                return true;
            }
        }

        return false;
    }
}
