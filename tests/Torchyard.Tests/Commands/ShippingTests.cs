using Torchyard.Testing.Loopback;

namespace Torchyard.Tests.Commands;

/// <summary>What a person types to get images from one machine to another.</summary>
public sealed class ShippingTests : IDisposable
{
    private const string Password = "correct-horse";

    private readonly CommandRun _here = new();
    private readonly FakeRegistry _registry = new();

    public void Dispose()
    {
        _registry.Dispose();
        _here.Dispose();
    }

    [Fact]
    public async Task An_image_goes_to_a_registry_and_to_another_machine()
    {
        var image = RegistryImage.Add(_registry, "them/theirs", "1");
        Assert.Equal(0, await _here.RunAsync("pull", $"{_registry.Name}/them/theirs:1"));
        Assert.Contains(image.Digest, _here.Output, StringComparison.Ordinal);
        Assert.Equal(0, await _here.RunAsync("tag", $"{_registry.Name}/them/theirs:1", "mine"));
        _registry.Quirks = new RegistryQuirks { Bearer = ("me", Password) };

        Assert.Equal(1, await _here.RunAsync("push", "mine:latest", $"{_registry.Name}/me/mine:1.0"));
        Assert.Contains("TY6003", _here.Error, StringComparison.Ordinal);
        _here.Piped = Password + "\n";
        Assert.Equal(0, await _here.RunAsync("login", _registry.Name, "-u", "me", "--password-stdin"));
        Assert.Contains("auth.json, readable for you alone, but not encrypted", _here.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _here.RunAsync("push", "mine:latest", $"{_registry.Name}/me/mine:1.0"));
        Assert.Contains(image.Digest, _here.Output, StringComparison.Ordinal);

        using var there = new CommandRun { Piped = Password };
        Assert.Equal(0, await there.RunAsync("login", _registry.Name, "-u", "me", "--password-stdin"));
        Assert.Equal(0, await there.RunAsync("pull", $"{_registry.Name}/me/mine:1.0"));
        Assert.StartsWith($"{_registry.Name}/me/mine:1.0 {image.Digest}", there.Output, StringComparison.Ordinal);

        Assert.Equal(0, await _here.RunAsync("logout", _registry.Name));
        Assert.Equal(1, await _here.RunAsync("pull", $"{_registry.Name}/me/mine:1.0"));
    }

    [Fact]
    public async Task A_wrong_password_is_neither_kept_nor_shown()
    {
        _registry.Quirks = new RegistryQuirks { Basic = ("me", Password) };
        _here.Piped = "battery-staple";
        Assert.Equal(1, await _here.RunAsync("--verbose", "login", _registry.Name, "-u", "me", "--password-stdin"));
        Assert.Contains("TY6003", _here.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("battery-staple", _here.Error + _here.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_here.PathOf("home/.config/torchyard/auth.json")));
    }

    [Fact]
    public async Task At_a_terminal_user_and_password_are_asked_for_and_the_password_is_not_shown()
    {
        _registry.Quirks = new RegistryQuirks { Basic = ("me", Password) };
        _here.Answers = $"me\n{Password}\n";
        Assert.Equal(0, await _here.RunAsync("login", _registry.Name));
        Assert.True(_here.HidInput);
        Assert.DoesNotContain(Password, _here.Error + _here.Output, StringComparison.Ordinal);
        _here.Answers = null;
        Assert.Equal(2, await _here.RunAsync("login", _registry.Name, "-u", "me"));
        Assert.Contains("TY6015", _here.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_damaged_image_is_named_and_fetched_again_from_its_registry(bool plain)
    {
        var image = RegistryImage.Add(_registry, "them/theirs", "1", 100_000, plain: plain);
        var name = $"{_registry.Name}/them/theirs:1";
        await _here.RunAsync("pull", name);
        Assert.Equal(0, await _here.RunAsync("validate", name));
        Assert.Contains("is what it says: 3 blobs", _here.Output, StringComparison.Ordinal);
        var blob = _here.PathOf($"store/oci/blobs/sha256/{FakeRegistry.DigestOf(image.Large)[7..]}");
        var content = await File.ReadAllBytesAsync(blob, TestContext.Current.CancellationToken);
        content[^20] ^= 1;
        await File.WriteAllBytesAsync(blob, content, TestContext.Current.CancellationToken);
        Assert.Equal(1, await _here.RunAsync("validate", name));
        Assert.Contains("has other bytes than its digest says", _here.Output, StringComparison.Ordinal);
        Assert.Contains($"'torchyard validate --repair {name}' fetches it again", _here.Error, StringComparison.Ordinal);
        Assert.Equal(0, await _here.RunAsync("validate", "--repair"));
        Assert.StartsWith($"repaired: {name}", _here.Output, StringComparison.Ordinal);
        File.Delete(blob);
        Assert.Equal(1, await _here.RunAsync("validate", name));
        Assert.Contains("the layer is missing", _here.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tree_says_what_a_removal_frees()
    {
        RegistryImage.Add(_registry, "them/theirs", "1", 100_000);
        Assert.Equal(0, await _here.RunAsync("copy", $"{_registry.Name}/them/theirs:1", "store:one:1"));
        RegistryImage.Add(_registry, "them/theirs", "2", 100_000, architecture: "arm64");
        Assert.Equal(0, await _here.RunAsync("pull", "--platform", "arm64", $"{_registry.Name}/them/theirs:2"));
        Assert.Equal(0, await _here.RunAsync("images", "--tree"));
        Assert.Contains($"with {_registry.Name}/them/theirs:2", _here.Output, StringComparison.Ordinal);
        Assert.Contains("of it alone", _here.Output, StringComparison.Ordinal);
        Assert.Equal(0, await _here.RunAsync("images", "--tree", "--json"));
        Assert.Contains("\"shared_with\": [", _here.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_names_are_whole_on_a_narrow_terminal()
    {
        var name = $"{_registry.Name}/pytorch/pytorch:2.9.1-cuda12.8-cudnn9-runtime-and-more";
        RegistryImage.Add(_registry, "pytorch/pytorch", "2.9.1-cuda12.8-cudnn9-runtime-and-more");
        await _here.RunAsync("pull", name);
        _here.Columns = 80;
        await _here.RunAsync("images");
        Assert.Contains(name, _here.Output, StringComparison.Ordinal);
        Assert.All(_here.Output.Split('\n'), line =>
            Assert.True(line.Length <= 80 || line.StartsWith(name, StringComparison.Ordinal), line)
        );
    }

    [Fact]
    public async Task A_mirror_that_was_joined_is_asked_first_and_the_registry_where_it_cannot_help()
    {
        using var mirror = new FakeRegistry();
        var first = _registry.Name.Replace(':', '_');
        var there = RegistryImage.Add(mirror, $"{first}/team/train", "1", 2000);
        RegistryImage.Add(_registry, "team/other", "1");
        Assert.Equal(0, await _here.RunAsync("mirror", "join", mirror.Name, "--plain-http", "--upstream", _registry.Name));
        Assert.Contains("home/.config/torchyard/mirror.json", _here.Output, StringComparison.Ordinal);

        Assert.Equal(0, await _here.RunAsync("pull", $"{_registry.Name}/team/train:1"));
        Assert.StartsWith($"{_registry.Name}/team/train:1 {there.Digest}", _here.Output, StringComparison.Ordinal);
        Assert.Empty(_registry.Requests);
        Assert.Equal(0, await _here.RunAsync("pull", $"{_registry.Name}/team/other:1"));
        Assert.Contains("itself is asked", _here.Error, StringComparison.Ordinal);

        Assert.Equal(1, await _here.RunAsync("mirror", "status"));
        Assert.Equal(0, await _here.RunAsync("mirror", "join", "--undo"));
        Assert.Equal(0, await _here.RunAsync("mirror", "status"));
        Assert.Contains("asks no mirror", _here.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_shown_once_and_its_file_does_not_have_it()
    {
        Assert.Equal(0, await _here.RunAsync("mirror", "token", "add", "nodes", "--root", "mirror", "--repositories", "team"));
        var token = _here.Output.Trim();
        Assert.StartsWith("tym_", token, StringComparison.Ordinal);
        Assert.DoesNotContain(token, File.ReadAllText(_here.PathOf("mirror/tokens.json")), StringComparison.Ordinal);

        Assert.Equal(0, await _here.RunAsync("mirror", "token", "list", "--root", "mirror", "--json"));
        Assert.Contains("\"repositories\":\"team\"", _here.Output.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(0, await _here.RunAsync("mirror", "token", "remove", "nodes", "--root", "mirror"));
        Assert.Equal(2, await _here.RunAsync("mirror", "token", "remove", "nodes", "--root", "mirror"));
    }
}
