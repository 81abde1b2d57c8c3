using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>Lists the packages that can meet a group of alternatives, in apt's order of preference.</summary>
internal sealed class Solutions(Selection selection)
{
    /// <summary>
    /// Candidates that meet the group: alternatives in the order written; within one alternative what is decided already, then the
    /// package of that very name, Essential, Protected, higher Priority, and at last the name that the indexes mention later.
    /// </summary>
    /// <param name="owner">The package that asks.</param>
    /// <param name="wishes">Its dependencies.</param>
    /// <param name="start">First alternative of the group.</param>
    public List<BinaryPackage> Of(BinaryPackage owner, Dependency[] wishes, int start)
    {
        var found = new List<BinaryPackage>();
        for (var i = start; ; i++)
        {
            var from = found.Count;
            AddFor(owner, wishes[i], found);
            if (found.Count - from > 1)
            {
                found.Sort(from, found.Count - from, new Preference(selection, wishes[i].Target));
            }

            if (!wishes[i].OrNext)
            {
                break;
            }
        }

        RemoveRepeats(found);
        if (!wishes[start].IsNegative)
        {
            found.RemoveAll(package => selection.IsProtected(package.Name) && selection.Marked(package.Name) is null);
        }

        return found;
    }

    private void AddFor(BinaryPackage owner, in Dependency wish, List<BinaryPackage> found)
    {
        if (selection.Candidate(wish.Target) is { } direct && Selection.IsMetByVersion(owner, wish, direct))
        {
            found.Add(direct);
        }

        foreach (var provide in selection.Universe.ProvidersOf(wish.Target))
        {
            if (selection.Candidate(provide.Package.Name) == provide.Package && Selection.IsMetByProvide(owner, wish, provide))
            {
                found.Add(provide.Package);
            }
        }
    }

    private static void RemoveRepeats(List<BinaryPackage> found)
    {
        for (var i = found.Count - 1; i > 0; i--)
        {
            if (found[i] == found[i - 1])
            {
                found.RemoveAt(i);
            }
        }
    }

    private sealed class Preference(Selection selection, int target) : IComparer<BinaryPackage>
    {
        public int Compare(BinaryPackage? x, BinaryPackage? y)
        {
            if (x == y || x is null || y is null)
            {
                return 0;
            }

            var order = First(selection.IsProtected(x.Name), selection.IsProtected(y.Name));
            order = order != 0 ? order : First(x.Name == target, y.Name == target);
            order = order != 0 ? order : First(x.IsEssential, y.IsEssential);
            order = order != 0 ? order : First(x.IsProtected, y.IsProtected);
            order = order != 0 ? order : x.Priority.CompareTo(y.Priority);
            return order != 0 ? order : y.Name.CompareTo(x.Name);
        }

        private static int First(bool x, bool y) => y.CompareTo(x);
    }
}
