using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>
/// Chooses the packages of an image as <c>apt-get install</c> would on an empty machine: the base system first (Essential, Priority
/// required, apt), then what the recipe names, then all that these need.
/// </summary>
internal sealed class DebianResolver(PackageUniverse universe)
{
    // Marking recurses once a package in a chain; an own stack keeps the deepest chain far from the limit of a pool thread.
    private const int StackBytes = 64 << 20;

    /// <summary>Resolves.</summary>
    /// <param name="requests">What the recipe names, in its order.</param>
    /// <param name="recommends">Follow Recommends.</param>
    /// <param name="withBase">False to leave the base system out, for tests of single packages.</param>
    /// <param name="installed">Names of what is there already, and stays.</param>
    /// <exception cref="TorchyardException">TY2040 unknown package, TY2041 unknown version, TY2042 nothing fits.</exception>
    public Resolution Resolve(
        IReadOnlyList<PackageRequest> requests,
        bool recommends,
        bool withBase = true,
        IReadOnlyList<string>? installed = null
    )
    {
        Resolution? result = null;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    result = ResolveHere(requests, recommends, withBase, installed ?? []);
                }
#pragma warning disable CA1031 // Thrown again on the caller's thread, whatever it is.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    failure = System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(error);
                }
            },
            StackBytes
        );
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    /// <summary>What the base system consists of before dependencies, by name.</summary>
    public IReadOnlyList<PackageRequest> BaseRequests()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        for (var name = 0; name < universe.Names.Count; name++)
        {
            if (CandidateOfDebian(name) is { } package && (package.IsEssential || package.Priority == PackagePriority.Required))
            {
                names.Add(universe.Names.Text(name));
            }
        }

        if (universe.Find("apt") is >= 0 and var apt && universe.CandidateOf(apt) is not null)
        {
            names.Add("apt");
        }

        return [.. names.Select(name => new PackageRequest(name, null, IsBase: true))];
    }

    // No other archive decides what every image has.
    private BinaryPackage? CandidateOfDebian(int name) =>
        universe.CandidateOf(name) is { } package && package.Index.IsFurther
            ? universe.VersionsOf(name).FirstOrDefault(version => !version.Index.IsFurther)
            : universe.CandidateOf(name);

    private Resolution ResolveHere(IReadOnlyList<PackageRequest> requests, bool recommends, bool withBase, IReadOnlyList<string> installed)
    {
        PackageRequest[] all =
        [
            .. withBase ? BaseRequests() : [],
            .. installed.Select(name => new PackageRequest(name, null, IsBase: true)),
            .. requests,
        ];
        var selection = new Selection(universe, recommends);
        var marker = new InstallMarker(selection);
        var names = new List<int>(all.Length);
        foreach (var request in all)
        {
            var package = Find(selection, request);
            selection.SetCandidate(package.Name, package);
            names.Add(package.Name);
        }

        foreach (var name in names)
        {
            selection.Protect(name);
            marker.Install(name, withDependencies: false, fromUser: true);
        }

        foreach (var name in names)
        {
            marker.Install(name, withDependencies: true, fromUser: true);
        }

        var asked = names.ToHashSet();
        if (!new ConflictResolver(selection, marker, asked).Resolve() || names.Any(name => selection.Marked(name) is null))
        {
            throw new CollisionExplainer(universe, selection, all).Explain();
        }

        UnusedPackages.Remove(selection, asked);
        return Resolution.Of(selection, requests.Select(request => universe.Find(request.Name)).ToHashSet());
    }

    private BinaryPackage Find(Selection selection, PackageRequest request)
    {
        var name = universe.Find(request.Name);
        var candidate = name < 0 ? null : universe.CandidateOf(name);
        if (candidate is null)
        {
            return OnlyProviderOf(selection, name) ?? throw UnknownPackage.Describe(universe, request.Name, name);
        }

        if (request.Version is null)
        {
            return selection.Candidate(name) ?? candidate;
        }

        foreach (var package in universe.VersionsOf(name))
        {
            if (package.VersionText == request.Version)
            {
                return package;
            }
        }

        throw new TorchyardException(
            PackageCodes.UnknownVersion,
            $"{request.Name} has no version {request.Version} in these archives",
            $"take one of: {string.Join(", ", universe.VersionsOf(name).Select(package => package.VersionText).Distinct())}; "
                + "an older one needs base.snapshot in the recipe"
        )
        {
            IsUsage = true,
        };
    }

    // apt takes a virtual package too when exactly one package provides it.
    private BinaryPackage? OnlyProviderOf(Selection selection, int name)
    {
        BinaryPackage? only = null;
        if (name >= 0)
        {
            foreach (var provide in universe.ProvidersOf(name))
            {
                if (selection.Candidate(provide.Package.Name) != provide.Package)
                {
                    continue;
                }

                if (only is not null && only != provide.Package)
                {
                    return null;
                }

                only = provide.Package;
            }
        }

        return only;
    }
}
