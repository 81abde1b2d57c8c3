using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Registry.Credentials;

namespace Torchyard.Registry.Tests.Credentials;

public sealed class KnownLoginsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CredentialPlaces _places;

    public KnownLoginsTests()
    {
        _places = CredentialPlaces.Of(Variable, _directory.Path, BaseDirectories.Of(Variable, _directory.Path), user: 1000);

        string? Variable(string name) =>
            name == "REGISTRY_AUTH_FILE" ? PathOf("podman.json")
            : name == "DOCKER_CONFIG" ? PathOf("docker")
            : null;
        Directory.CreateDirectory(PathOf("docker"));
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("ghcr.io", "ghcr.io")]
    [InlineData("https://ghcr.io/v1/", "ghcr.io")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("localhost:5000", "localhost:5000")]
    public async Task Dockers_file_is_read(string key, string registry)
    {
        File.WriteAllText(_places.Docker, $$"""{"auths": {"{{key}}": {"auth": "bWU6c2U6Y3JldA=="} } }""");
        var login = await FindAsync(registry, "me/mine");
        Assert.Equal(("me", "se:cret"), (login!.User, login.Secret));
    }

    [Fact]
    public async Task The_longest_path_wins()
    {
        File.WriteAllText(
            PathOf("podman.json"),
            """{"auths":{"a.b":{"auth":"YTpi"},"a.b/c":{"auth":"YzpkCg=="},"a.b/cc":{"auth":"ZTpm"}}}"""
        );
        Assert.Equal("c", (await FindAsync("a.b", "c/d"))!.User);
        Assert.Equal("a", (await FindAsync("a.b", "x"))!.User);
        Assert.Null(await FindAsync("a.b:5000", "c/d"));
    }

    [Fact]
    public async Task A_login_is_kept_for_its_owner_alone_and_no_link_is_followed()
    {
        var elsewhere = PathOf("elsewhere");
        File.WriteAllText(elsewhere, "{}");
        Directory.CreateDirectory(Path.GetDirectoryName(_places.Own)!);
        File.CreateSymbolicLink(_places.Own, elsewhere);
        var logins = new KnownLogins(_places);
        Assert.Equal(_places.Own, await logins.AddAsync("ghcr.io", new RegistryLogin("me", "secret"), Cancellation));
        Assert.Equal("{}", File.ReadAllText(elsewhere));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_places.Own));
        Assert.Equal("secret", (await FindAsync("ghcr.io", null))!.Secret);
        Assert.True((await logins.RemoveAsync("ghcr.io", Cancellation)).Was);
        Assert.Null(await FindAsync("ghcr.io", null));
    }

    [Fact]
    public async Task A_helper_is_asked_and_gets_what_is_to_be_kept()
    {
        var helper = Helper(
            """
            #!/bin/sh
            input=$(cat)
            case "$1" in
            get) [ "$input" = https://index.docker.io/v1/ ] && echo '{"Username":"me","Secret":"kept"}' || { echo 'credentials not found in native keychain'; exit 1; } ;;
            store) echo "$input" > "$(dirname "$0")/stored" ;;
            esac
            """
        );
        File.WriteAllText(_places.Docker, """{"credsStore":"mine"}""");
        var logins = new KnownLogins(_places, _ => helper);
        Assert.Equal("kept", (await logins.FindAsync("docker.io", "library/debian", Cancellation))!.Secret);
        Assert.Null(await logins.FindAsync("ghcr.io", "me/mine", Cancellation));
        Assert.Null(await logins.AddAsync("ghcr.io", new RegistryLogin("me", "secret"), Cancellation));
        Assert.False(File.Exists(_places.Own));
        Assert.Contains("\"Secret\": \"secret\"", File.ReadAllText(PathOf("stored")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_is_missing_or_answers_nonsense_is_told_of()
    {
        File.WriteAllText(_places.Docker, """{"credHelpers":{"ghcr.io":"mine"}}""");
        var missing = await FailsAsync(new KnownLogins(_places, _ => null));
        Assert.Contains("docker-credential-mine", missing.Message, StringComparison.Ordinal);
        var nonsense = await FailsAsync(new KnownLogins(_places, _ => Helper("#!/bin/sh\necho password=secret")));
        Assert.DoesNotContain("secret", nonsense.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"c2Vj*cmV0"}}}""")]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"c2VjcmV0"}}}""")]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"c2VjcmV0" """)]
    [InlineData("""{"credHelpers":{"ghcr.io":"../../bin/sh"}}""")]
    [InlineData("[]")]
    public async Task A_damaged_file_is_told_of_without_what_is_in_it(string content)
    {
        File.WriteAllText(_places.Docker, content);
        var failure = await FailsAsync(new KnownLogins(_places));
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("c2Vj", failure.ToString(), StringComparison.Ordinal);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<TorchyardException> FailsAsync(KnownLogins logins)
    {
        var failure = await Assert.ThrowsAsync<TorchyardException>(() => logins.FindAsync("ghcr.io", "me/mine", Cancellation));
        Assert.Equal("TY6012", failure.Code);
        return failure;
    }

    private Task<RegistryLogin?> FindAsync(string registry, string? repository) =>
        new KnownLogins(_places).FindAsync(registry, repository, Cancellation);

    private string PathOf(string name) => Path.Combine(_directory.Path, name);

    private HostProgram Helper(string script)
    {
        var path = PathOf("docker-credential-mine");
        File.WriteAllText(path, script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return HostProgram.Checked(path);
    }
}
