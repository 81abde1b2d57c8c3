using Torchyard.Flows.Hosts;
using Torchyard.Flows.Shipping;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Registry.Policies;
using Torchyard.Testing.Loopback;

namespace Torchyard.Flows.Tests.Shipping;

/// <summary>What the administrator's policy refuses is neither fetched nor started nor copied.</summary>
public sealed class PolicyTests : IDisposable
{
    private readonly TestHost _test = new();
    private readonly FakeRegistry _registry = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Name => $"{_registry.Name}/me/mine:1";

    public void Dispose()
    {
        _registry.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task What_no_rule_allows_is_refused_before_its_registry_is_asked()
    {
        var image = RegistryImage.Add(_registry, "me/mine", "1");
        await FindAsync(_test.Host, Name);
        _registry.Requests.Clear();
        var host = With("[[allow]]\nmatch = \"docker.io\"");
        await RefusesAsync("TY6031", () => FindAsync(host, Name));
        await RefusesAsync("TY6031", () => FindAsync(host, image.Digest[7..19]));
        await RefusesAsync("TY6031", () => new PullFlow(host).RunAsync(Name, null, plainHttp: false, Cancellation));
        await RefusesAsync("TY6031", () =>
            new ImageCopyFlow(host).RunAsync(new ImageCopyFlow.Request(Name, $"oci:{_test.Directory}/x"), Cancellation)
        );
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task A_rule_that_wants_a_digest_has_one()
    {
        var image = RegistryImage.Add(_registry, "me/mine", "1");
        var host = With($"[[allow]]\nmatch = \"{_registry.Name}\"\ndigest = true");
        await RefusesAsync("TY6031", () => FindAsync(host, Name));
        var found = await FindAsync(host, $"{_registry.Name}/me/mine@{image.Digest}");
        Assert.Equal(image.Digest, found.Manifest.ToString());
    }

    [Fact]
    public async Task What_is_not_signed_does_not_come()
    {
        RegistryImage.Add(_registry, "me/mine", "1");
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var file = Path.Combine(_test.Directory, "team.pub");
        await File.WriteAllTextAsync(file, key.ExportSubjectPublicKeyInfoPem(), Cancellation);
        var host = With($"[[allow]]\nmatch = \"*\"\nkeys = [\"{file}\"]");
        await RefusesAsync("TY6032", () => FindAsync(host, Name));
        await RefusesAsync("TY6032", () =>
            new ImageCopyFlow(host).RunAsync(new ImageCopyFlow.Request(Name, $"oci:{_test.Directory}/x"), Cancellation)
        );
        Assert.DoesNotContain(_registry.Requests, request => request.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Images_of_this_machine_start_unless_the_policy_says_no()
    {
        RegistryImage.Add(_registry, "me/mine", "1");
        await new ImageCopyFlow(_test.Host).RunAsync(new ImageCopyFlow.Request(Name, "store:mine:1"), Cancellation);
        await FindAsync(With("[[allow]]\nmatch = \"docker.io\""), "mine:1");
        await RefusesAsync("TY6031", () => FindAsync(With("local = false"), "mine:1"));
    }

    private Host With(string policy)
    {
        var file = Path.Combine(_test.Directory, "policy.toml");
        File.WriteAllText(file, policy);
        var owner = FileFacts.Find(_test.Directory)!.Value.User;
        var host = _test.Host;
        return new Host
        {
            Store = host.Store,
            Caller = host.Caller,
            Progress = host.Progress,
            Dialogue = host.Dialogue,
            Files = host.Files,
            Policy = () => SitePolicy.Read(file, owner),
        };
    }

    private static Task<Images.Oci.StoredImage> FindAsync(Host host, string name) =>
        new WantedImage(host).FindAsync(name, PullWhen.Missing, Cancellation);

    private static async Task RefusesAsync(string code, Func<Task> action) =>
        Assert.EndsWith(code, (await Assert.ThrowsAsync<TorchyardException>(action)).Code, StringComparison.Ordinal);
}
