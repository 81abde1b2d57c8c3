using Torchyard.Packages.Debian.Locking;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Tests;

/// <summary>Locks against Debian's own archive; skipped where it cannot be reached.</summary>
public sealed class RealArchiveTests
{
    [Fact]
    public async Task The_cpu_environment_locks_and_a_small_package_is_fetched()
    {
        using var directory = new TemporaryDirectory();
        using var debian = new DebianPackages(
            new StorePaths(directory.Path),
            SilentProgress.Instance,
            TimeProvider.System,
            Environment.GetEnvironmentVariable,
            directory.Path
        );
        var recipe = new Recipe
        {
            Name = "test",
            Base = new DebianBase { Suite = "trixie", ExtraSuites = ["trixie-updates"] },
            Packages = ["python3-torch", "jupyter-notebook", "openssh-server", "python3-pip"],
        };
        DebianLock locked;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            locked = await debian.LockAsync(recipe, TestContext.Current.CancellationToken);
        }
        catch (TorchyardException error) when (error.Code is "TY2031" or "TY2050")
        {
            Assert.Skip($"Debian's archive cannot be reached: {error.Message}");
            return;
        }

        var first = watch.ElapsedMilliseconds;
        watch.Restart();
        var again = await debian.LockAsync(recipe, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{locked.Packages.Count} packages, {locked.Packages.Sum(package => package.Size) / 1e6:0} MB, first lock {first} ms, second "
                + $"{watch.ElapsedMilliseconds} ms"
        );
        Assert.Equal(locked.Packages, again.Packages);
        Assert.InRange(locked.Packages.Count, 250, 500);
        Assert.Equal(
            ["openssh-server", "python3-pip", "python3-torch"],
            locked.Packages.Where(package => package.Requested && package.Name != "jupyter-notebook").Select(package => package.Name)
        );
        Assert.True(locked.Packages.Single(package => package.Name == "libc6").Essential);
        Assert.All(locked.Archives, archive => Assert.StartsWith("http://deb.debian.org/debian", archive.Uri, StringComparison.Ordinal));

        var small = locked.Packages.Where(package => package.Size > 0).OrderBy(package => package.Size).Take(5).ToList();
        var files = debian.CreateFetcher().Fetch(Lock(recipe, locked), small, TestContext.Current.CancellationToken);
        foreach (var package in small)
        {
            Assert.Equal(package.Size, new FileInfo(await files[package]).Length);
        }
    }

    internal static RecipeLock Lock(Recipe recipe, DebianLock locked) =>
        new()
        {
            RecipeDigest = Digest.Of([]),
            Recipe = recipe,
            SourceDateEpoch = locked.SourceDateEpoch,
            Archives = locked.Archives,
            Packages = locked.Packages,
            Tools = new LockedTools(1, Digest.Of([]), "none"),
        };
}
