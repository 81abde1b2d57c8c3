using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// Takes away what was marked on the way to a solution that was then not taken: packages that nothing asked for reaches through
/// Depends, Pre-Depends, Recommends or Suggests (what apt calls garbage, and leaves out of a new installation).
/// </summary>
internal static class UnusedPackages
{
    /// <summary>Removes the marks.</summary>
    public static void Remove(Selection selection, HashSet<int> asked)
    {
        var used = new bool[selection.Count];
        var open = new Stack<BinaryPackage>();
        foreach (var package in selection.AllMarked())
        {
            if (asked.Contains(package.Name) || package.IsEssential || package.IsProtected)
            {
                used[package.Name] = true;
                open.Push(package);
            }
        }

        while (open.TryPop(out var package))
        {
            foreach (var wish in package.Dependencies(selection.Universe))
            {
                if (!wish.IsNegative)
                {
                    Follow(package, wish);
                }
            }
        }

        foreach (var package in selection.AllMarked().ToList())
        {
            if (!used[package.Name])
            {
                selection.Unmark(package.Name);
            }
        }

        void Follow(BinaryPackage owner, in Dependency wish)
        {
            if (selection.Marked(wish.Target) is { } direct && !used[direct.Name] && Selection.IsMetByVersion(owner, wish, direct))
            {
                used[direct.Name] = true;
                open.Push(direct);
            }

            foreach (var provide in selection.Universe.ProvidersOf(wish.Target))
            {
                var name = provide.Package.Name;
                if (!used[name] && selection.Marked(name) == provide.Package && Selection.IsMetByProvide(owner, wish, provide))
                {
                    used[name] = true;
                    open.Push(provide.Package);
                }
            }
        }
    }
}
