using Torchyard.Flows.Shipping;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Flows.Tests.Shipping;

/// <summary><c>torchyard run REGISTRY/NAME</c>: what starts is what the store has, else what the registry gives.</summary>
public sealed class WantedImageTests : IDisposable
{
    private readonly TestHost _test = new();
    private readonly FakeRegistry _registry = new();

    private string Name => $"{_registry.Name}/me/mine:1";

    public void Dispose()
    {
        _registry.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task What_is_missing_is_fetched_and_then_found_without_the_registry()
    {
        var image = RegistryImage.Add(_registry, "me/mine", "1");
        Assert.Equal(image.Digest, (await FindAsync(Name)).Manifest.ToString());
        _registry.Requests.Clear();
        Assert.Equal(image.Digest, (await FindAsync(Name)).Manifest.ToString());
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Always_asks_for_what_has_the_tag_now()
    {
        RegistryImage.Add(_registry, "me/mine", "1");
        await FindAsync(Name);
        var newer = RegistryImage.Add(_registry, "me/mine", "1", 2000);
        Assert.NotEqual(newer.Digest, (await FindAsync(Name)).Manifest.ToString());
        Assert.Equal(newer.Digest, (await FindAsync(Name, PullWhen.Always)).Manifest.ToString());
    }

    [Fact]
    public async Task Never_asks_nobody()
    {
        RegistryImage.Add(_registry, "me/mine", "1");
        var failure = await RefusesAsync(Name, PullWhen.Never);
        Assert.Equal("TY3010", failure.Code);
        Assert.Contains($"torchyard pull {Name}", failure.Cure, StringComparison.Ordinal);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task What_neither_the_store_nor_the_registry_has_is_said_in_one_sentence()
    {
        var failure = await RefusesAsync(Name, PullWhen.Missing);
        Assert.Equal("TY6004", failure.Code);
        Assert.StartsWith(
            $"the store does not have '{Name}', and {_registry.Name} does not have",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_mistyped_name_of_this_machine_goes_to_no_registry()
    {
        var failure = await RefusesAsync("visoin", PullWhen.Missing);
        Assert.Equal("TY3010", failure.Code);
    }

    private Task<StoredImage> FindAsync(string name, PullWhen when = PullWhen.Missing) =>
        new WantedImage(_test.Host).FindAsync(name, when, TestContext.Current.CancellationToken);

    private Task<TorchyardException> RefusesAsync(string name, PullWhen when) =>
        Assert.ThrowsAsync<TorchyardException>(() => FindAsync(name, when));
}
