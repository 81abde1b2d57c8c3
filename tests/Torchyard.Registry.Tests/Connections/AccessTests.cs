using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Connections;

/// <summary>Who gets a password, and who does not.</summary>
public sealed class AccessTests : IDisposable
{
    private const string Password = "pass:word-of-the-test";
    private readonly Client _client = new();

    public void Dispose() => _client.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_login_opens_a_registry(bool basic)
    {
        using var registry = new FakeRegistry(
            basic ? new RegistryQuirks { Basic = ("me", Password) } : new RegistryQuirks { Bearer = ("me", Password) }
        );
        RegistryImage.Add(registry, "me/mine", "1");
        var refused = await _client.RefusesAsync(registry, "me/mine:1");
        Assert.Equal("TY6003", refused.Code);
        Assert.Contains("torchyard login", refused.Cure, StringComparison.Ordinal);
        _client.LogIn(registry, "me", "wrong-secret");
        refused = await _client.RefusesAsync(registry, "me/mine:1");
        Assert.Equal("TY6003", refused.Code);
        Assert.DoesNotContain("wrong-secret", refused.ToString(), StringComparison.Ordinal);
        _client.LogIn(registry, "me", Password);
        await _client.PullAsync(registry, "me/mine:1");
    }

    [Fact]
    public async Task Everybody_gets_a_token_for_what_is_public()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Bearer = ("", "") });
        RegistryImage.Add(registry, "me/mine", "1");
        await _client.PullAsync(registry, "me/mine:1");
        Assert.Contains(registry.Requests, request => request.Contains("scope=repository%3Ame%2Fmine%3Apull", StringComparison.Ordinal));
        Assert.Contains(registry.Requests, request => request.Contains("service=fake%2C%20registry", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_that_ends_in_the_middle_is_renewed_and_the_pull_goes_on()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Bearer = ("me", Password), TokenUses = 16 });
        var image = RegistryImage.Add(registry, "me/mine", "1", 1_000_000);
        _client.LogIn(registry, "me", Password);
        Assert.Equal(image.Digest, (await _client.PullAsync(registry, "me/mine:1")).Image.Manifest.ToString());
        Assert.True(registry.Requests.Count(request => request.Contains("/token", StringComparison.Ordinal)) > 1);
    }

    [Fact]
    public async Task The_host_that_has_the_blobs_sees_no_login()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Basic = ("me", Password), RedirectsBlobs = true });
        RegistryImage.Add(registry, "me/mine", "1", 300_000);
        _client.LogIn(registry, "me", Password);
        await _client.PullAsync(registry, "me/mine:1");
        Assert.NotEmpty(registry.BlobRequests);
        Assert.DoesNotContain(registry.BlobRequests, request => request.Contains("Basic", StringComparison.Ordinal));
        Assert.All(registry.BlobRequests, request => Assert.Contains("signature=a%2Fb", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_realm_on_another_host_of_the_network_gets_no_password()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { Bearer = ("me", Password), Realm = "ftp://10.0.0.1/token" });
        RegistryImage.Add(registry, "me/mine", "1");
        _client.LogIn(registry, "me", Password);
        Assert.Equal("TY6011", (await _client.RefusesAsync(registry, "me/mine:1")).Code);
    }

    [Fact]
    public async Task Too_many_requests_are_waited_for_or_told()
    {
        using var registry = new FakeRegistry(new RegistryQuirks { TooMany = 2 });
        RegistryImage.Add(registry, "me/mine", "1");
        await _client.PullAsync(registry, "me/mine:1");
        using var busy = new FakeRegistry(new RegistryQuirks { TooMany = 1000, Wait = 3600 });
        var failure = await _client.RefusesAsync(busy, "me/mine:1");
        Assert.Equal("TY6005", failure.Code);
        Assert.Contains("3600 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_is_not_there_is_told_with_its_cure()
    {
        var name = $"127.0.0.1:{LoopbackPort.Free()}";
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            RegistryConnection.OpenAsync(name, null, _client.Settings, null, TestContext.Current.CancellationToken)
        );
        Assert.Equal("TY6002", failure.Code);
        Assert.Contains(name, failure.Message, StringComparison.Ordinal);
    }
}
