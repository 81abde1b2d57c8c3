using Torchyard.Images.Debian;
using Torchyard.Images.Layers;
using Torchyard.Images.Store;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Deb;

public sealed class ProgramUnpackerTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task Programs_and_libraries_lie_in_one_directory_of_the_caller_and_nothing_else()
    {
        var place = await UnpackAsync(
            new DebBuilder("tool")
                .File("./usr/bin/tool", "#!", 0x9ED)
                .File("./usr/share/doc/tool/README", "x")
                .File("./etc/tool.conf", "x")
                .Control("postinst", "#!/bin/sh\n", 0x1ED),
            new DebBuilder("libtool")
                .File("./lib/x86_64-linux-gnu/libtool.so.1.2", "elf")
                .Symlink("./lib/x86_64-linux-gnu/libtool.so.1", "libtool.so.1.2")
                .File("./usr/lib/x86_64-linux-gnu/libtool.a", "x")
        );

        var files = Directory
            .EnumerateFileSystemEntries(place, "*", SearchOption.AllDirectories)
            .Where(path => !Directory.Exists(path))
            .Select(path => Path.GetRelativePath(place, path))
            .Order(StringComparer.Ordinal);
        Assert.Equal(["usr/bin/tool", "usr/lib/x86_64-linux-gnu/libtool.so.1", "usr/lib/x86_64-linux-gnu/libtool.so.1.2"], files);
        // Without set-user-id: this is the caller's own copy.
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(Path.Combine(place, "usr/bin/tool")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_store.Paths.Temporary));
        Assert.Empty(SealedDirectory.Damaged(_store.Paths));
        File.WriteAllText(Path.Combine(place, "usr/bin/tool"), "#?");
        Assert.Equal([place], SealedDirectory.Damaged(_store.Paths));
        new StoreRepair(_store.Paths).Begin(new ImageStore(_store.Paths).Validate(SilentProgress.Instance, Cancellation), _ => null);
        Assert.False(Directory.Exists(place));
    }

    [Fact]
    public async Task A_damaged_package_is_fetched_once_more_and_no_more()
    {
        var builder = new DebBuilder("tool").File("./usr/bin/tool", "#!");
        var place = await UnpackAsync(damagedTimes: 1, builder);
        Assert.Equal("#!", File.ReadAllText(Path.Combine(place, "usr/bin/tool")));
        Directory.Delete(place, recursive: true);

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => UnpackAsync(damagedTimes: 2, builder));

        Assert.Equal("TY3020", failure.Code);
        Assert.False(Directory.Exists(place));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_store.Paths.Temporary));
    }

    private Task<string> UnpackAsync(params DebBuilder[] packages) => UnpackAsync(damagedTimes: 0, packages);

    private async Task<string> UnpackAsync(int damagedTimes, params DebBuilder[] packages)
    {
        var files = packages
            .Select(package => package.Save(Directory.CreateDirectory(Path.Combine(_store.Paths.Root, "debs")).FullName))
            .ToList();
        var locked = new RecipeLock
        {
            RecipeDigest = Digest.Of("recipe"u8),
            Recipe = new Recipe
            {
                Name = "tool",
                Base = new DebianBase { Suite = "trixie" },
            },
            SourceDateEpoch = 1_700_000_000,
            Archives = [],
            Packages = [.. files.Select(file => file.Package)],
            Tools = new LockedTools(1, Digest.Of("supervisor"u8), "none"),
        };
        Directory.CreateDirectory(_store.Paths.Temporary);
        var place = Path.Combine(_store.Paths.Tools, "tool");
        await new ProgramUnpacker(
            new Files(files.ToDictionary(file => file.Package, file => file.Path), damagedTimes),
            new CachedFiles(_store.Paths)
        ).UnpackAsync(locked, Path.Combine(_store.Paths.Temporary, "work"), place, Cancellation);
        return place;
    }

    private sealed class Files(Dictionary<LockedDebianPackage, string> files, int damagedTimes) : IPackageFetcher
    {
        private int _fetches;

        public IReadOnlyDictionary<LockedDebianPackage, Task<string>> Fetch(
            RecipeLock locked,
            IReadOnlyList<LockedDebianPackage> packages,
            CancellationToken cancellation
        )
        {
            var damaged = _fetches++ < damagedTimes;
            return packages.ToDictionary(
                package => package,
                package => Task.FromResult(damaged ? Damaged(files[package]) : files[package])
            );
        }

        private static string Damaged(string file)
        {
            var content = File.ReadAllBytes(file);
            content[^1] ^= 1;
            File.WriteAllBytes(file + ".damaged", content);
            return file + ".damaged";
        }
    }
}
