using Torchyard.Registry.Pushing;
using Torchyard.Registry.References;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Pushing;

public sealed class ImagePushTests : IDisposable
{
    private readonly Client _client = new();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData(false, long.MaxValue)]
    [InlineData(true, long.MaxValue)]
    [InlineData(true, 40_000)]
    public async Task A_second_store_gets_the_very_image(bool relative, long largestBody)
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "me/mine", "1", 200_000);
        await _client.PullAsync(registry, "me/mine:1");
        using var other = new FakeRegistry(new RegistryQuirks { RelativeUploads = relative, LargestBody = largestBody });
        var pushed = await PushAsync(registry, other, "team/theirs:2");
        Assert.Equal((2, 0), (pushed.Sent, pushed.There));
        Assert.Equal(image.Digest, pushed.Digest.ToString());
        using var second = new Client();
        Assert.Equal(image.Digest, (await second.PullAsync(other, "team/theirs:2")).Image.Manifest.ToString());
        pushed = await PushAsync(registry, other, "team/theirs:3");
        Assert.Equal((0, 2), (pushed.Sent, pushed.There));
    }

    [Fact]
    public async Task A_token_that_ends_during_a_push_is_renewed()
    {
        using var registry = new FakeRegistry();
        RegistryImage.Add(registry, "me/mine", "1", 200_000);
        await _client.PullAsync(registry, "me/mine:1");
        using var other = new FakeRegistry(new RegistryQuirks { Bearer = ("", ""), TokenUses = 3 });
        Assert.Equal(2, (await PushAsync(registry, other, "team/theirs:2")).Sent);
        Assert.Contains(other.Requests, request => request.Contains("pull%2Cpush", StringComparison.Ordinal));
    }

    private async Task<PushedImage> PushAsync(FakeRegistry from, FakeRegistry to, string name)
    {
        var reference = ImageReference.Parse($"{to.Name}/{name}");
        using var connection = await _client.ConnectAsync(to, reference.Repository);
        var image = new Images.Store.ImageStore(_client.Store.Paths).Find($"{from.Name}/me/mine:1");
        return await new ImagePush(_client.Store.Paths, connection, _client.Progress).RunAsync(
            image,
            reference,
            TestContext.Current.CancellationToken
        );
    }
}
