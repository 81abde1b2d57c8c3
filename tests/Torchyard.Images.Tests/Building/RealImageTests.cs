using System.Diagnostics;
using Torchyard.Platform;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Tests.Building;

/// <summary>Builds from real packages. Needs root, and TORCHYARD_TEST_DEBS with the packages of a trixie system.</summary>
public sealed class RealImageTests
{
    private static readonly string[] Requested = (Environment.GetEnvironmentVariable("TORCHYARD_TEST_REQUEST") ?? "apt python3 adduser").Split(' ');

    [Fact]
    public async Task An_image_of_real_packages_is_configured_complete_and_reproducible()
    {
        var debs = PackageDirectory.FromEnvironment;
        Assert.SkipWhen(debs is null, "TORCHYARD_TEST_DEBS names no directory of packages");
        Assert.SkipUnless(ChrootSandbox.IsUsable, "needs root");
        var cancellation = TestContext.Current.CancellationToken;
        using var one = new TemporaryStore();
        using var other = new TemporaryStore();
        var packages = new PackageDirectory();
        var locked = packages.Lock(debs!, Requested);

        var clock = Stopwatch.StartNew();
        var image = await Builder(one.Paths, packages).BuildAsync(locked, SilentProgress.Instance, cancellation);
        TestContext.Current.SendDiagnosticMessage($"first build of {locked.Packages.Count} packages: {clock.Elapsed.TotalSeconds:F1} s, {image.Layers.Count} layers, {image.CompressedSize / 1e6:F0} MB, {image.Manifest}");
        clock.Restart();
        var again = await Builder(one.Paths, packages).BuildAsync(locked, SilentProgress.Instance, cancellation);
        TestContext.Current.SendDiagnosticMessage($"nothing changed: {clock.Elapsed.TotalMilliseconds:F0} ms");
        Assert.Equal(image.Manifest, again.Manifest);
        Assert.Empty(new ImageStore(one.Paths).Validate(SilentProgress.Instance, cancellation));

        if (Environment.GetEnvironmentVariable("TORCHYARD_TEST_ONCE") is null)
        {
            var second = await Builder(other.Paths, packages).BuildAsync(locked, SilentProgress.Instance, cancellation);
            Assert.Equal(image.DiffIds, second.DiffIds);
            Assert.Equal(image.Manifest, second.Manifest);
        }
    }

    [Fact]
    public async Task A_package_added_to_a_built_image_gives_the_digest_of_a_build_from_nothing()
    {
        var debs = PackageDirectory.FromEnvironment;
        Assert.SkipWhen(debs is null, "TORCHYARD_TEST_DEBS names no directory of packages");
        Assert.SkipUnless(ChrootSandbox.IsUsable, "needs root");
        var cancellation = TestContext.Current.CancellationToken;
        using var grown = new TemporaryStore();
        using var fresh = new TemporaryStore();
        var packages = new PackageDirectory();
        var before = packages.Lock(debs!, Requested);
        var after = packages.Lock(debs!, [.. Requested, Environment.GetEnvironmentVariable("TORCHYARD_TEST_ADD") ?? "python3-yaml"], epoch: before.SourceDateEpoch + 86400);
        var small = await Builder(grown.Paths, packages).BuildAsync(before, SilentProgress.Instance, cancellation);

        var clock = Stopwatch.StartNew();
        var one = await Builder(grown.Paths, packages).BuildAsync(after, SilentProgress.Instance, cancellation);
        TestContext.Current.SendDiagnosticMessage($"one package added: {clock.Elapsed.TotalSeconds:F1} s");
        var other = await Builder(fresh.Paths, packages).BuildAsync(after, SilentProgress.Instance, cancellation);

        Assert.Equal(other.Manifest, one.Manifest);
        Assert.NotEqual(small.Manifest, one.Manifest);
        Assert.True(small.DiffIds.Intersect(one.DiffIds).Count() >= 2);
    }

    private static ImageBuilder Builder(StorePaths paths, PackageDirectory packages) =>
        new(paths, packages, new ChrootSandbox(), PackageDirectory.Supervisor);
}
