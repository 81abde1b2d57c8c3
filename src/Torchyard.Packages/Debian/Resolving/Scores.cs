using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// How much a package is worth when two collide: its priority and what depends on it. The weights are the defaults of apt's
/// pkgProblemResolver::Scores options.
/// </summary>
internal sealed class Scores
{
    private const int AskedFor = 10_000;
    private const int EssentialAtEnd = 5_000;
    private const int Essential = 100;

    private readonly int[] _values;

    /// <summary>Weighs the packages as they are marked now.</summary>
    /// <param name="selection">The state.</param>
    /// <param name="asked">Names that the user asked for.</param>
    public Scores(Selection selection, HashSet<int> asked)
    {
        _values = new int[selection.Count];
        foreach (var package in selection.AllMarked())
        {
            AddOwn(selection, package);
        }

        var before = (int[])_values.Clone();
        AddDependents(selection, before);
        AddProvided(selection, before);
        foreach (var name in asked)
        {
            _values[name] += AskedFor;
        }

        for (var name = 0; name < _values.Length; name++)
        {
            if (selection.Universe.CandidateOf(name) is { } package && (package.IsEssential || package.IsProtected))
            {
                _values[name] += EssentialAtEnd;
            }
        }
    }

    /// <summary>Score of a name.</summary>
    public int this[int name]
    {
        get => _values[name];
        set => _values[name] = value;
    }

    /// <summary>All names, highest score first.</summary>
    public int[] InOrder()
    {
        var names = new int[_values.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = i;
        }

        Array.Sort(names, (x, y) => _values[x] != _values[y] ? _values[y].CompareTo(_values[x]) : x.CompareTo(y));
        return names;
    }

    private void AddOwn(Selection selection, BinaryPackage package)
    {
        if (package.IsEssential || package.IsProtected)
        {
            _values[package.Name] += Essential;
        }

        _values[package.Name] += package.Priority switch
        {
            PackagePriority.Required => 3,
            PackagePriority.Important => 2,
            PackagePriority.Standard => 1,
            PackagePriority.Optional => -1,
            PackagePriority.Extra => -2,
            _ => 0,
        };
        var providers = new HashSet<int>();
        foreach (var wish in package.Dependencies(selection.Universe))
        {
            var weight =
                wish.IsNegative ? -1
                : wish.Kind == DependencyKind.Suggests ? 0
                : 1;
            if (weight == 0)
            {
                continue;
            }

            if (!(wish.IsNegative && wish.Target == package.Name))
            {
                if (
                    wish.Version.Length > 0
                    && !(selection.Marked(wish.Target) is { } target && Selection.IsMetByVersion(package, wish, target))
                )
                {
                    continue;
                }

                _values[wish.Target] += weight;
            }

            providers.Clear();
            foreach (var provide in selection.Universe.ProvidersOf(wish.Target))
            {
                if (selection.Marked(provide.Package.Name) == provide.Package && Selection.IsMetByProvide(package, wish, provide))
                {
                    providers.Add(provide.Package.Name);
                }
            }

            foreach (var provider in providers)
            {
                _values[provider] += weight;
            }
        }
    }

    private void AddDependents(Selection selection, int[] before)
    {
        foreach (var package in selection.AllMarked())
        {
            if (before[package.Name] <= 0)
            {
                continue;
            }

            foreach (var wish in package.Dependencies(selection.Universe))
            {
                if (!wish.IsNegative && wish.Kind != DependencyKind.Suggests && selection.Marked(wish.Target) is not null)
                {
                    _values[wish.Target] += before[package.Name];
                }
            }
        }
    }

    private void AddProvided(Selection selection, int[] before)
    {
        for (var name = 0; name < _values.Length; name++)
        {
            var gain = Math.Abs(_values[name] - before[name]);
            if (gain == 0)
            {
                continue;
            }

            var providers = new HashSet<int>();
            foreach (var provide in selection.Universe.ProvidersOf(name))
            {
                if (selection.Marked(provide.Package.Name) == provide.Package && providers.Add(provide.Package.Name))
                {
                    _values[provide.Package.Name] += gain;
                }
            }
        }
    }
}
