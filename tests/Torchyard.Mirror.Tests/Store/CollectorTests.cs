using Microsoft.Extensions.Time.Testing;
using Torchyard.Mirror.Store;
using Torchyard.Registry.Mirrors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Store;

/// <summary>What is removed, and what never is.</summary>
public sealed class CollectorTests
{
    [Fact]
    public async Task The_copy_that_was_not_used_for_the_longest_time_goes_first_and_nothing_that_another_links()
    {
        using var registry = new FakeRegistry();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var mirror = await StartAsync(registry, clock);
        // The same configuration is in all of them, as its content does not depend on the layer's name.
        var images = new[] { 40_000, 50_000, 60_000 }.Select(size => RegistryImage.Add(registry, "r", $"{size}", size)).ToList();
        foreach (var (size, image) in new[] { 40_000, 50_000, 60_000 }.Zip(images))
        {
            await PullAsync(mirror, registry, $"{size}", image);
            clock.Advance(TimeSpan.FromMinutes(5));
        }

        // The oldest is used again.
        await PullAsync(mirror, registry, "40000", images[0]);
        clock.Advance(TimeSpan.FromMinutes(5));

        var freed = new Collector(mirror.Store, clock, quota: 120_000).Run();

        Assert.True(freed > 50_000);
        Assert.True(mirror.Store.Blobs.Bytes <= 120_000);
        Assert.Equal(["40000", "60000"], mirror.Store.Repositories.TagsOf(MirrorHost.First(registry) + "/r"));
        await AssertWholeAsync(mirror);
    }

    [Fact]
    public async Task What_was_pushed_stays_whatever_the_quota_is()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var mirror = await MirrorHost.StartAsync(settle: settings => settings with { Clock = clock, Collects = false });
        await mirror.PushImageAsync("team/train", "1", MirrorHost.Random(10_000));
        clock.Advance(TimeSpan.FromDays(400));

        Assert.Equal(0, new Collector(mirror.Store, clock, quota: 1).Run());
        await AssertWholeAsync(mirror);
    }

    [Fact]
    public async Task A_blob_that_was_pushed_waits_a_day_for_its_manifest()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var mirror = await MirrorHost.StartAsync(settle: settings => settings with { Clock = clock, Collects = false });
        await mirror.PushBlobAsync("a", MirrorHost.Random(10_000));

        clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(0, new Collector(mirror.Store, clock, null).Run());
        clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(10_000, new Collector(mirror.Store, clock, null).Run());
    }

    [Fact]
    public async Task An_image_that_was_deleted_leaves_the_disk_but_not_what_another_has()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var mirror = await MirrorHost.StartAsync(settle: settings => settings with { Clock = clock, Collects = false });
        var layer = MirrorHost.Random(10_000);
        var digest = await mirror.PushImageAsync("a", "1", layer);
        await mirror.PushImageAsync("b", "1", MirrorHost.Random(5_000, 2));
        using (await mirror.SendAsync(HttpMethod.Delete, $"/v2/a/manifests/{digest}")) { }

        clock.Advance(TimeSpan.FromDays(2));
        var freed = new Collector(mirror.Store, clock, null).Run();

        Assert.InRange(freed, 10_000, 11_000);
        await AssertWholeAsync(mirror);
    }

    [Fact]
    public async Task What_a_fetch_left_behind_goes_after_a_day()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var mirror = await MirrorHost.StartAsync(settle: settings => settings with { Clock = clock, Collects = false });
        var left = Path.Combine(mirror.Store.Blobs.Temporary, "fetch-sha256-00");
        await File.WriteAllBytesAsync(left, [1], MirrorHost.Cancellation);

        new Collector(mirror.Store, clock, null).Run();
        Assert.True(File.Exists(left));
        clock.Advance(TimeSpan.FromHours(25));
        new Collector(mirror.Store, clock, null).Run();
        Assert.False(File.Exists(left));
    }

    [Fact]
    public async Task A_push_beyond_the_quota_is_refused_and_not_paid_for_by_another()
    {
        await using var mirror = await MirrorHost.StartAsync(options => options with { Quota = 15_000 });
        await mirror.PushImageAsync("a", "1", MirrorHost.Random(10_000));

        using var response = await mirror.SendAsync(
            HttpMethod.Post,
            $"/v2/b/blobs/uploads/?digest={FakeRegistry.DigestOf(MirrorHost.Random(10_000, 3))}",
            MirrorHost.Random(10_000, 3)
        );

        Assert.Equal(System.Net.HttpStatusCode.Forbidden, response.StatusCode);
        await AssertWholeAsync(mirror);
    }

    /// <summary>Every manifest of a repository, and every layer of those that were pushed or pulled, is there.</summary>
    private static async Task AssertWholeAsync(MirrorHost mirror)
    {
        foreach (var repository in mirror.Store.Repositories.All())
        {
            foreach (var manifest in mirror.Store.Repositories.ManifestsOf(repository))
            {
                var content = await mirror.BytesAsync($"/v2/{repository}/manifests/{manifest}");
                foreach (var blob in ManifestContent.Read(content).Content!.Blobs)
                {
                    Assert.Equal(blob.Size, mirror.Store.Blobs.SizeOf(blob.Digest));
                }
            }
        }
    }

    private static Task<MirrorHost> StartAsync(FakeRegistry registry, FakeTimeProvider clock) =>
        MirrorHost.StartAsync(
            options => options with { Upstreams = [registry.Name], Anonymous = MirrorAccess.Read },
            settle: settings => settings with { Clock = clock, Collects = false }
        );

    private static async Task PullAsync(MirrorHost mirror, FakeRegistry registry, string tag, RegistryImage image)
    {
        var path = $"/v2/{MirrorHost.First(registry)}/r";
        var manifest = await mirror.BytesAsync($"{path}/manifests/{tag}");
        foreach (var blob in ManifestContent.Read(manifest).Content!.Blobs)
        {
            await mirror.BytesAsync($"{path}/blobs/{blob.Digest}");
        }

        Assert.NotEmpty(image.Large);
    }
}
