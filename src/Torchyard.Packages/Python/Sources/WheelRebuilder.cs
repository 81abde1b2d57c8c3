using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>
/// Makes the wheels that a lock built from source and this store lacks: from the lock alone, with its sources and tools, and with the same
/// bytes.
/// </summary>
/// <param name="fetcher">Fetches sources.</param>
/// <param name="cache">Has the wheels.</param>
/// <param name="wheels">Fetches tools, and knows where indexes keep archives.</param>
/// <param name="maker">Builds.</param>
/// <param name="directory">Directory that local archives are relative to.</param>
public sealed class WheelRebuilder(SourceFetcher fetcher, WheelCache cache, WheelFetcher wheels, WheelMaker maker, string directory)
{
    /// <summary>True when something must be built before the lock's wheels are all to be had.</summary>
    public bool IsNeeded(LockedPython locked)
    {
        ArgumentNullException.ThrowIfNull(locked);
        return locked.Packages.Any(Lacks);
    }

    /// <summary>Builds what is missing.</summary>
    /// <exception cref="TorchyardException">TY2503 to TY2508, TY2520 to TY2525.</exception>
    public async Task RebuildAsync(LockedPython locked, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        foreach (var package in locked.Packages.Where(Lacks))
        {
            await RebuildAsync(package, locked, cancellation);
        }
    }

    private bool Lacks(LockedPythonPackage package) => package.Source is not null && !cache.Has(package.Sha256, package.Size);

    private async Task RebuildAsync(LockedPythonPackage package, LockedPython locked, CancellationToken cancellation)
    {
        var tools = BuildTools.Of(package, locked);
        foreach (var tool in tools?.Packages.Where(Lacks) ?? [])
        {
            // A lock is made of builds that ended, so there is no circle.
            await RebuildAsync(tool, locked, cancellation);
        }

        using var source = await fetcher.FetchAsync(await ReferenceAsync(package, locked, cancellation), cancellation);
        await using var build = await maker.OpenAsync(source, cancellation);
        var backend = BuildBackend.Read(build.Pyproject, build.HasSetup, source.Shown);
        var made = await maker.MakeAsync(
            source,
            build,
            backend,
            tools,
            await BuildTools.FilesAsync(tools, wheels, cancellation),
            cancellation
        );
        if (made.Sha256 != package.Sha256)
        {
            throw SourceProblem.NotReproduced(package.Name, package.Filename, package.Sha256, made.Sha256, made.Filename);
        }
    }

    private async Task<SourceReference> ReferenceAsync(LockedPythonPackage package, LockedPython locked, CancellationToken cancellation)
    {
        var source = package.Source!;
        var url =
            source.Url is { } named ? new Uri(named)
            : source.Path is { } path ? new Uri(Path.GetFullPath(path, directory))
            : File.Exists(cache.PathOf(source.Sha256!.Value)) ? new Uri(cache.PathOf(source.Sha256.Value))
            : await wheels.LocateAsync(locked, package.Index, package.Name, source.Filename!, source.Sha256.Value, cancellation);
        if (source.IsGit && (GitUrl.Why(url) is not null || !GitUrl.IsCommit(source.Commit!)))
        {
            throw new TorchyardException(
                "TY2514",
                $"the lock has a repository '{source.Url}' that is not followed, or no full commit of it",
                "run 'torchyard lock' again"
            );
        }

        return new SourceReference
        {
            Url = url,
            Filename = source.Filename,
            Sha256 = source.Sha256,
            Size = source.Size,
            Commit = source.Commit,
            Tags = source.IsGit ? source.Tags : null,
            Revision = source.Revision,
            Subdirectory = source.Subdirectory,
            Path = source.Path,
            IsFromIndex = source.Url is null && source.Path is null,
        };
    }
}
