using Torchyard.Registry.Pushing;
using Torchyard.Registry.References;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Connections;

/// <summary>
/// What registries do otherwise than the specification, each with the reports that taught it: pull and push work all the same.
/// </summary>
public sealed class VendorTests : IDisposable
{
    private const string Password = "secret-of-the-test";
    private readonly Client _client = new();

    public static TheoryData<string> Vendors => [.. Profiles.Keys];

    private static Dictionary<string, RegistryQuirks> Profiles { get; } =
        new(StringComparer.Ordinal)
        {
            // No Docker-Content-Digest (distribution/distribution#3792, containerd#3238), 201 for a part (dotnet/sdk-container-builds#424).
            ["Amazon ECR"] = new()
            {
                Basic = ("me", Password),
                SaysNoDigests = true,
                PartStatus = 201,
                LargestBody = 40_000,
            },
            // Bodies of 4 MiB at most (ocx-sh/ocx#237), scaled down.
            ["GitHub"] = new()
            {
                Bearer = ("me", Password),
                LargestBody = 40_000,
                RelativeUploads = true,
            },
            // Content-Range without a unit (dotnet/sdk-container-builds#258); storage on another host that takes no login (Azure/acr#217).
            ["Azure"] = new()
            {
                Bearer = ("me", Password),
                RedirectsBlobs = true,
                LargestBody = 40_000,
            },
            // No service in the challenge (hpc/charliecloud#1318), and another realm for a token that ended
            // (NVIDIA/nvidia-container-toolkit#1945).
            ["NVIDIA"] = new()
            {
                Bearer = ("me", Password),
                NamesNoService = true,
                TokenUses = 5,
                LaterRealm = "https://127.0.0.1:1/elsewhere",
            },
            // Links of storage that have ended (distribution/distribution#2055), 429 (google/go-containerregistry#1569).
            ["Docker Hub"] = new()
            {
                Bearer = ("me", Password),
                RedirectsBlobs = true,
                EndedLinks = 2,
                TooMany = 1,
            },
            // Compresses for those who do not refuse it (quay/quay#1310); 400 in place of referrers (quay/quay#3071).
            ["Quay"] = new()
            {
                Bearer = ("me", Password),
                Compresses = true,
                ReferrersStatus = 400,
            },
            // A session in cookies (dotnet/sdk#33019), proxies that ignore ranges (goharbor/harbor#23875), upper-case schemes.
            ["Harbor"] = new()
            {
                Basic = ("me", Password),
                Compresses = true,
                IgnoresRanges = true,
                ReferrersStatus = 401,
            },
            // No Content-Length (containerd#3110), answers cut by a proxy.
            ["Artifactory"] = new()
            {
                Basic = ("me", Password),
                SaysNoLengths = true,
                IgnoresRanges = true,
                Cuts = 1,
            },
        };

    public void Dispose() => _client.Dispose();

    [Theory]
    [MemberData(nameof(Vendors))]
    public async Task Pull_and_push_work(string vendor)
    {
        using var registry = new FakeRegistry(Profiles[vendor]);
        var image = RegistryImage.Add(registry, "me/mine", "1", 300_000);
        _client.LogIn(registry, "me", Password);
        var pulled = await _client.PullAsync(registry, "me/mine:1");
        Assert.Equal(image.Digest, pulled.Image.Manifest.ToString());

        registry.Blobs.Clear();
        var target = ImageReference.Parse($"{registry.Name}/me/other:2");
        using var connection = await _client.ConnectAsync(registry, target.Repository);
        await new ImagePush(_client.Store.Paths, connection, _client.Progress).RunAsync(
            pulled.Image,
            target,
            TestContext.Current.CancellationToken
        );
        using var second = new Client();
        second.LogIn(registry, "me", Password);
        Assert.Equal(image.Digest, (await second.PullAsync(registry, "me/other:2")).Image.Manifest.ToString());
        Assert.DoesNotContain(registry.BlobRequests, request => request.Contains("Bearer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Storage_that_goes_on_refusing_its_links_is_an_error()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { RedirectsBlobs = true, EndedLinks = 1000 });
        RegistryImage.Add(registry, "me/mine", "1");
        var failure = await _client.RefusesAsync(registry, "me/mine:1");
        Assert.Equal("TY6006", failure.Code);
        Assert.Contains("the storage that it leads to answers 403", failure.Message, StringComparison.Ordinal);
    }
}
