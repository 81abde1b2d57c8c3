using System.Diagnostics;
using Torchyard.Images.Build;
using Torchyard.Images.Store;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;

namespace Torchyard.Images.Tests.Building;

/// <summary>Builds from real packages of trixie. Needs root and Debian's archive.</summary>
public sealed class RealImageTests
{
    private static readonly string[] Requested = ["adduser", "python3"];

    [Fact]
    public async Task An_image_of_real_packages_is_configured_complete_and_reproducible()
    {
        Assert.SkipUnless(ChrootSandbox.IsUsable, "needs root");
        var cancellation = TestContext.Current.CancellationToken;
        using var one = new TemporaryStore();
        using var other = new TemporaryStore();
        using var packages = RealPackages.Open();
        var locked = await packages.LockAsync(Requested, cancellation);

        var clock = Stopwatch.StartNew();
        var image = await Builder(one.Paths, packages).BuildAsync(locked, SilentProgress.Instance, cancellation);
        TestContext.Current.SendDiagnosticMessage(
            $"first build of {locked.Packages.Count} packages: {clock.Elapsed.TotalSeconds:F1} s, {image.Layers.Count} layers, "
                + $"{image.CompressedSize / 1e6:F0} MB, {image.Manifest}"
        );
        clock.Restart();
        var again = await Builder(one.Paths, packages).BuildAsync(locked, SilentProgress.Instance, cancellation);
        TestContext.Current.SendDiagnosticMessage($"nothing changed: {clock.Elapsed.TotalMilliseconds:F0} ms");
        Assert.Equal(image.Manifest, again.Manifest);
        Assert.Empty(new ImageStore(one.Paths).Validate(SilentProgress.Instance, cancellation));

        var second = await Builder(other.Paths, packages).BuildAsync(locked, SilentProgress.Instance, cancellation);
        Assert.Equal(image.DiffIds, second.DiffIds);
        Assert.Equal(image.Manifest, second.Manifest);
    }

    [Fact]
    public async Task A_package_added_to_a_built_image_gives_the_digest_of_a_build_from_nothing()
    {
        Assert.SkipUnless(ChrootSandbox.IsUsable, "needs root");
        var cancellation = TestContext.Current.CancellationToken;
        using var grown = new TemporaryStore();
        using var fresh = new TemporaryStore();
        using var packages = RealPackages.Open();
        var before = await packages.LockAsync(Requested, cancellation);
        // A later state of the archive, as a week would bring it.
        var after = (await packages.LockAsync([.. Requested, "python3-yaml"], cancellation)) with
        {
            SourceDateEpoch = before.SourceDateEpoch + 86400,
        };
        var small = await Builder(grown.Paths, packages).BuildAsync(before, SilentProgress.Instance, cancellation);

        var clock = Stopwatch.StartNew();
        var one = await Builder(grown.Paths, packages).BuildAsync(after, SilentProgress.Instance, cancellation);
        TestContext.Current.SendDiagnosticMessage($"one package added: {clock.Elapsed.TotalSeconds:F1} s");
        var other = await Builder(fresh.Paths, packages).BuildAsync(after, SilentProgress.Instance, cancellation);

        Assert.Equal(other.Manifest, one.Manifest);
        Assert.NotEqual(small.Manifest, one.Manifest);
        Assert.True(small.DiffIds.Intersect(one.DiffIds).Count() >= 2);
    }

    private static ImageBuilder Builder(StorePaths paths, RealPackages packages) =>
        new(paths, new ChrootSandbox(), new LayerSources(packages.Fetcher, null, null, null, null, RealPackages.Supervisor));
}
