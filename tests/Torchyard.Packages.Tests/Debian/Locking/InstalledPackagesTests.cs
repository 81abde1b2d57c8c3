using System.Text;
using Microsoft.Extensions.Time.Testing;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Reporting;

namespace Torchyard.Packages.Tests.Debian.Locking;

/// <summary>Packages that are added to those of an image.</summary>
public sealed class InstalledPackagesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestArchive _archive = new(archive =>
    {
        archive.Add("base", "2", "Essential: yes\nDepends: lib");
        archive.Add("lib", "2");
        archive.Add("tool", "1", "Depends: lib, helper");
        archive.Add("helper", "1");
        archive.Add("newer", "1", "Depends: lib (>= 2)");
        archive.Add("hostile", "1", "Conflicts: lib");
        archive.Add("virtual-user", "1", "Depends: engine");
        archive.Add("engine-of-debian", "1", "Provides: engine");
    });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _archive.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task What_is_installed_stays_and_only_what_is_missing_is_locked()
    {
        Assert.Equal(["helper=1", "tool=1"], await LockAsync("tool", "lib"));
        // Nothing of a base system is added either: whoever made the image had it work without.
        Assert.Empty(await LockAsync("lib"));
    }

    [Fact]
    public async Task What_an_installed_package_lacks_is_not_added_and_what_it_provides_counts() =>
        Assert.Equal(["virtual-user=1"], await LockAsync("virtual-user"));

    [Theory]
    [InlineData("newer", "needs lib (>= 2)")]
    [InlineData("hostile", "lib")]
    [InlineData("lib=2", "lib has no version 2")]
    public async Task What_does_not_fit_to_it_is_refused(string package, string why)
    {
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync(package));

        Assert.Equal("TY2043", refusal.Code);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("what base.image has installed stays as it is", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_the_status_only_what_is_installed_for_the_architecture_counts() =>
        Assert.Equal(["lib", "odd"], InstalledPackages.Read(Encoding.UTF8.GetBytes(Status), "amd64").Names);

    private const string Status = """
        Package: lib
        Status: install ok installed
        Architecture: all
        Version: 1
        Depends: nobody-has-this (>= 5)
        Conffiles:
         /etc/lib.conf 0123456789abcdef0123456789abcdef
        Description: x
         Package: not-a-field

        Package: gone
        Status: deinstall ok config-files
        Architecture: all
        Version: 1

        Package: other-machine
        Status: install ok installed
        Architecture: i386
        Version: 1

        Package: odd
        Status: hold ok installed
        Architecture: amd64
        Version: 1
        Provides: engine

        """;

    private async Task<IReadOnlyList<string>> LockAsync(params string[] packages)
    {
        using var opened = new DebianPackages(
            new StorePaths(Path.Combine(_directory.Path, "store")),
            new RecordingProgress(),
            new FakeTimeProvider(TestArchive.Date.AddHours(1)),
            _ => null,
            Path.Combine(_directory.Path, "root"),
            new DownloadSettings(),
            _archive.Server.Root
        );
        var locked = await opened.LockUponAsync(
            new Recipe
            {
                Name = "test",
                Packages = packages,
                Base = new DebianBase
                {
                    Suite = TestArchive.Suite,
                    Image = "x",
                    Security = false,
                    Mirrors = [_archive.Server.Root.AbsoluteUri],
                    Keyrings = [_directory.Write("debian.asc", _archive.Key.Armoured)],
                },
            },
            InstalledPackages.Read(Encoding.UTF8.GetBytes(Status), "amd64"),
            [],
            offline: false,
            Cancellation
        );
        return [.. locked.Packages.Select(package => $"{package.Name}={package.Version}")];
    }
}
