using Torchyard.Platform.Errors;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Tests.References;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("debian", "docker.io/library/debian:latest")]
    [InlineData("debian:13", "docker.io/library/debian:13")]
    [InlineData("docker.io/debian", "docker.io/library/debian:latest")]
    [InlineData("index.docker.io/debian", "docker.io/library/debian:latest")]
    [InlineData("pytorch/pytorch:2.9.1", "docker.io/pytorch/pytorch:2.9.1")]
    [InlineData("ghcr.io/me/mine", "ghcr.io/me/mine:latest")]
    [InlineData("localhost/mine", "localhost/mine:latest")]
    [InlineData("localhost:5000/mine:1", "localhost:5000/mine:1")]
    [InlineData("debian@" + Digest, "docker.io/library/debian@" + Digest)]
    [InlineData("debian:13@" + Digest, "docker.io/library/debian:13@" + Digest)]
    public void A_name_means_what_it_means_to_docker(string text, string whole) =>
        Assert.Equal(whole, ImageReference.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("Debian")]
    [InlineData("https://ghcr.io/me/mine")]
    [InlineData("ghcr.io/me/mine@sha256:12")]
    [InlineData("ghcr.io/me/mine@sha512:12")]
    [InlineData("a..b/mine")]
    [InlineData("ghcr.io:99999/mine")]
    [InlineData("ghcr.io/../mine")]
    [InlineData("mine:1\n")]
    [InlineData("mine:")]
    public void What_is_no_reference_is_refused(string text)
    {
        var failure = Assert.Throws<TorchyardException>(() => ImageReference.Parse(text));
        Assert.Equal("TY6001", failure.Code);
        Assert.True(failure.IsUsage);
    }

    [Theory]
    [InlineData("https://ghcr.io/", "ghcr.io")]
    [InlineData("https://index.docker.io/v1/", "docker.io")]
    [InlineData("localhost:5000", "localhost:5000")]
    public void A_registry_can_be_named_by_its_address(string text, string name) => Assert.Equal(name, ImageReference.ParseRegistry(text));

    [Theory]
    [InlineData("ghcr.io/me")]
    [InlineData("user@host")]
    [InlineData("")]
    public void What_is_no_registry_is_refused(string text) =>
        Assert.Equal("TY6001", Assert.Throws<TorchyardException>(() => ImageReference.ParseRegistry(text)).Code);
}
