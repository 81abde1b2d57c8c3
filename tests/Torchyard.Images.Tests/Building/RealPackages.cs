using Torchyard.Images.Build;
using Torchyard.Images.Environments;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Building;

/// <summary>
/// Packages of trixie as the program itself locks and fetches them, from the mirrors of this machine's apt. They are kept in
/// $TORCHYARD_TEST_CACHE, else in torchyard-tests in $XDG_CACHE_HOME or ~/.cache: the first run fetches some 60 MB. Skipped where Debian's
/// archive cannot be reached.
/// </summary>
internal sealed class RealPackages : IDisposable
{
    private readonly DebianPackages _debian;

    private RealPackages(DebianPackages debian) => _debian = debian;

    /// <summary>A program that stands for the supervisor.</summary>
    public static SupervisorProgram Supervisor { get; } =
        new("#!/bin/sh\nexec \"$@\"\n"u8.ToArray(), Digest.Of("#!/bin/sh\nexec \"$@\"\n"u8));

    public IPackageFetcher Fetcher => _debian.CreateFetcher();

    public static RealPackages Open() =>
        new(
            new DebianPackages(
                new StorePaths(CacheDirectory()),
                SilentProgress.Instance,
                TimeProvider.System,
                Environment.GetEnvironmentVariable
            )
        );

    /// <summary>A lock of the base system and some packages.</summary>
    public async Task<RecipeLock> LockAsync(IReadOnlyList<string> packages, CancellationToken cancellation)
    {
        var recipe = new Recipe
        {
            Name = "test",
            Base = new DebianBase { Suite = "trixie" },
            Packages = packages,
        };
        DebianLock locked;
        try
        {
            locked = await _debian.LockAsync(recipe, cancellation);
        }
        catch (TorchyardException failure) when (failure.Code is "TY2031" or "TY2050")
        {
            Assert.Skip($"Debian's archive cannot be reached: {failure.Message}");
            throw;
        }

        return new RecipeLock
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = recipe,
            SourceDateEpoch = locked.SourceDateEpoch,
            Archives = locked.Archives,
            Packages = locked.Packages,
            Tools = new LockedTools(ImageBuilder.Format, Supervisor.Digest, ImageBuilder.Compressor(recipe.Image)),
        };
    }

    /// <summary>Files of some packages of a lock.</summary>
    public async Task<IReadOnlyList<string>> FilesAsync(
        RecipeLock locked,
        IReadOnlyList<LockedDebianPackage> packages,
        CancellationToken cancellation
    ) => await Task.WhenAll(Fetcher.Fetch(locked, packages, cancellation).Values);

    public void Dispose() => _debian.Dispose();

    // The same place as that of the end-to-end tests.
    private static string CacheDirectory()
    {
        var caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Environment.GetEnvironmentVariable("TORCHYARD_TEST_CACHE") is { Length: > 0 } given
            ? given
            : Path.Combine(caches, "torchyard-tests");
    }
}
