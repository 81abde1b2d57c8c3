using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.Pulling;
using Torchyard.Registry.References;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests;

/// <summary>A client of one test: a store and logins of its own, small parts, and no patience.</summary>
internal sealed class Client : IDisposable
{
    private readonly TemporaryDirectory _home = new();

    public Client() =>
        Places = CredentialPlaces.Of(static _ => null, _home.Path, BaseDirectories.Of(static _ => null, _home.Path), user: 1000);

    public TemporaryStore Store { get; } = new();

    public CredentialPlaces Places { get; }

    public IProgressSink Progress { get; init; } = SilentProgress.Instance;

    public OciLayout Layout => new(Store.Paths);

    public RegistrySettings Settings =>
        new()
        {
            Logins = new KnownLogins(Places),
            Authorities = [],
            PartSize = 64 << 10,
            SentPartSize = 32 << 10,
            Retry = new RetryPolicy { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) },
        };

    public string Home => _home.Path;

    public async Task<PulledImage> PullAsync(FakeRegistry registry, string name, ImagePlatform? platform = null)
    {
        var reference = ImageReference.Parse($"{registry.Name}/{name}");
        using var connection = await ConnectAsync(registry, reference.Repository);
        return await new ImagePull(Store.Paths, connection, Progress).RunAsync(
            reference,
            platform ?? new ImagePlatform("linux", "amd64", null),
            TestContext.Current.CancellationToken
        );
    }

    public async Task<TorchyardException> RefusesAsync(FakeRegistry registry, string name) =>
        await Assert.ThrowsAsync<TorchyardException>(() => PullAsync(registry, name));

    public Task<RegistryConnection> ConnectAsync(FakeRegistry registry, string? repository) =>
        RegistryConnection.OpenAsync(registry.Name, repository, Settings, null, TestContext.Current.CancellationToken);

    public void LogIn(FakeRegistry registry, string user, string password)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Places.Docker)!);
        var auth = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{password}"));
        File.WriteAllText(Places.Docker, $$"""{"auths": {"{{registry.Name}}": {"auth": "{{auth}}"} } }""");
    }

    public bool Has(string digest) => File.Exists(Layout.BlobPath(Digest.Parse(digest)));

    public void Dispose()
    {
        Store.Dispose();
        _home.Dispose();
    }
}
