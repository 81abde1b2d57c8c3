using System.Collections.Concurrent;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// Wheels of sources while a lock is made. What a build needs (PEP 517, PEP 518) is resolved over the same indexes as everything else,
/// itself from source where it has no wheel; the backend then works without network.
/// </summary>
public sealed class SourceWheels(SourceFetcher fetcher, WheelCache cache, IWheelFetcher wheels, WheelMaker maker)
{
    private readonly ConcurrentDictionary<string, Task<BuiltWheel>> _built = new(StringComparer.Ordinal);

    /// <summary>Makes what resolves the needs of builds; it is given this, for needs that have no wheel themselves.</summary>
    public required Func<SourceWheels, CancellationToken, Task<PythonResolver>> Resolver { get; init; }

    /// <summary>Directory of the recipe, absolute: what the lock's paths are relative to.</summary>
    public required string Directory { get; init; }

    /// <summary>The interpreter that builds run on.</summary>
    public InterpreterTarget? Target { get; init; }

    /// <summary>Projects of which nothing is built from source, also not for builds (<see cref="RequirementSet.OnlyBinary"/>).</summary>
    public IReadOnlyList<string> OnlyBinary { get; init; } = [];

    /// <summary>Projects of which no wheel of an index is taken, also not for builds (<see cref="RequirementSet.NoBinary"/>).</summary>
    public IReadOnlyList<string> NoBinary { get; init; } = [];

    /// <summary>
    /// Constraints (PEP 508) that what builds need must keep to, too: code that is compiled against torch must see the torch of the image.
    /// </summary>
    public IReadOnlyList<string> Constraints { get; init; } = [];

    /// <summary>An earlier lock for the same base system: its sources keep their commits, tools and wheels. Null for none.</summary>
    public LockedPython? Kept { get; init; }

    /// <summary>The wheel of a source.</summary>
    /// <param name="reference">The source.</param>
    /// <param name="chain">What is being built with it already, outermost first.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2501 to TY2509, TY2513, TY2514, TY2520 to TY2526.</exception>
    internal async Task<BuiltWheel> BuildAsync(SourceReference reference, IReadOnlyList<string> chain, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(chain);
        reference = await WithHashAsync(reference, cancellation);
        var kept = Kept
            ?.Packages.Concat(Kept.BuildPackages)
            .FirstOrDefault(package => package.Source is { } source && reference.IsAnsweredBy(source));
        if (kept?.Source is { } known)
        {
            reference = reference with
            {
                Commit = known.Commit,
                Tags = known.IsGit ? known.Tags : null,
                Sha256 = known.Sha256,
                Size = known.Size,
            };
            if (File.Exists(cache.PathOf(kept.Sha256)))
            {
                return WheelMaker.Describe(cache.PathOf(kept.Sha256), kept.Filename, kept.Sha256, known, BuildTools.Of(kept, Kept!));
            }
        }

        if (chain.Contains(reference.Shown))
        {
            throw SourceProblem.Circle(reference.Shown, chain);
        }

        return await _built.GetOrAdd(
            $"{reference.PublicUrl} {reference.Filename} {reference.Revision} {reference.Commit} {reference.Subdirectory}",
            _ => MakeAsync(reference, kept, chain, cancellation)
        );
    }

    /// <summary>Builds what a finished lock has as source only.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="sources">Sources by name of the package.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<LockedPython> CompleteAsync(
        LockedPython locked,
        IReadOnlyDictionary<string, SourceReference> sources,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(sources);
        var packages = locked.Packages.ToList();
        var built = new List<BuiltWheel>();
        for (var i = 0; i < packages.Count; i++)
        {
            if (sources.TryGetValue(packages[i].Name, out var source))
            {
                built.Add(await BuildAsync(source, [], cancellation));
                packages[i] = Complete(packages[i], built[^1]);
            }
        }

        var tools = built.Select(wheel => wheel.Tools).OfType<LockedPython>().SelectMany(tool => tool.Indexes);
        return locked with
        {
            Indexes = [.. locked.Indexes.Concat(tools).DistinctBy(index => index.Id)],
            Packages = packages,
            BuildPackages = BuildTools.Union(built),
        };
    }

    /// <summary>A package of a lock with the wheel that was built of its source.</summary>
    internal static LockedPythonPackage Complete(LockedPythonPackage package, BuiltWheel built)
    {
        _ = WheelFileName.TryParse(built.Filename, out var wheel);
        return wheel!.Name == package.Name
            ? package with
            {
                Version = built.Metadata.Version,
                Filename = built.Filename,
                Size = built.Size,
                Sha256 = built.Sha256,
                Source = built.Source,
            }
            : throw new TorchyardException(
                PackageCodes.WrongRequirement,
                $"{built.Source.Filename ?? built.Source.Url} is to give {package.Name}, and gives {wheel.Name}",
                "correct the source"
            );
    }

    /// <summary>A local archive is known by its hash, so that a changed one is built anew.</summary>
    private async Task<SourceReference> WithHashAsync(SourceReference reference, CancellationToken cancellation) =>
        reference is { IsGit: false, Sha256: null, Url.IsFile: true }
            ? reference with
            {
                Sha256 = (
                    await cache.GetAsync(reference.Url, null, null, SourceFetcher.ArchiveLimit, SilentProgress.Instance, cancellation)
                ).Sha256,
            }
            : reference;

    private async Task<BuiltWheel> MakeAsync(
        SourceReference reference,
        LockedPythonPackage? kept,
        IReadOnlyList<string> chain,
        CancellationToken cancellation
    )
    {
        using var source = await fetcher.FetchAsync(reference, cancellation);
        await using var build = await maker.OpenAsync(source, cancellation);
        var backend = BuildBackend.Read(build.Pyproject, build.HasSetup, source.Shown);
        if (kept is not null)
        {
            // Built before, but the wheel is gone: with the same tools it is the same wheel again.
            var before = BuildTools.Of(kept, Kept!);
            return await maker.MakeAsync(
                source,
                build,
                backend,
                before,
                await BuildTools.FilesAsync(before, wheels, cancellation),
                cancellation
            );
        }

        IReadOnlyList<string> inside = [.. chain, reference.Shown];
        var tools = await ResolveAsync(backend.Requires, source.Shown, inside, cancellation);
        var files = await BuildTools.FilesAsync(tools, wheels, cancellation);
        var asked = await build.GetRequiresAsync(backend, files, cancellation);
        if (asked.ExitCode != 0)
        {
            throw BuildFailure.Explain(source.Shown, "get_requires_for_build_wheel", asked);
        }

        if (asked.Requires.Except(backend.Requires, StringComparer.Ordinal).Any())
        {
            tools = await ResolveAsync([.. backend.Requires, .. asked.Requires], source.Shown, inside, cancellation);
            files = await BuildTools.FilesAsync(tools, wheels, cancellation);
        }

        return await maker.MakeAsync(source, build, backend, tools, files, cancellation);
    }

    private async Task<LockedPython?> ResolveAsync(
        IReadOnlyList<string> requirements,
        string shown,
        IReadOnlyList<string> chain,
        CancellationToken cancellation
    )
    {
        if (requirements.Count == 0)
        {
            return null;
        }

        var set = new RequirementSet { Directory = Directory };
        set.OnlyBinary.AddRange(OnlyBinary);
        set.NoBinary.AddRange(NoBinary);
        foreach (var text in requirements)
        {
            set.Requirements.Add(
                RequirementLine.OfMetadata(text)
                    ?? throw SourceProblem.NoProject(shown, $"it requires '{text}' to be built, which is not a requirement (PEP 508)")
            );
        }

        try
        {
            var resolver = await Resolver(this, cancellation);
            return (
                await resolver.ResolveAsync(
                    set,
                    new ResolveOptions
                    {
                        Constraints = Constraints,
                        Target = Target,
                        BuildChain = chain,
                    },
                    cancellation
                )
            ).Locked;
        }
        catch (TorchyardException failure)
            when (failure.Code is PackageCodes.NotOnIndex or PackageCodes.NoSolution or PackageCodes.NoWheelFits)
        {
            throw new TorchyardException(failure.Code, $"to build {shown}: {failure.Message}", failure.Cure, failure);
        }
    }
}
