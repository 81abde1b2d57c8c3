using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Policies;
using Torchyard.Registry.References;
using Torchyard.Testing.Loopback;

namespace Torchyard.Registry.Tests.Policies;

/// <summary>A rule with keys: what is not signed by one of them does not come, and does not start.</summary>
public sealed class SignatureTests : IDisposable
{
    private readonly Client _client = new();
    private readonly FakeRegistry _registry = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RegistryImage _image;

    public SignatureTests()
    {
        _image = RegistryImage.Add(_registry, "me/mine", "1");
        File.WriteAllText(KeyFile, _key.ExportSubjectPublicKeyInfoPem());
    }

    private string KeyFile => Path.Combine(_client.Home, "team.pub");

    public void Dispose()
    {
        _key.Dispose();
        _registry.Dispose();
        _client.Dispose();
    }

    [Fact]
    public async Task A_signed_image_is_approved_and_started_without_its_registry()
    {
        Sign(_image.Digest, _image.Digest, _key);
        var approval = Approval();
        await ApproveAsync(approval, _image.Digest);
        var pulled = await _client.PullAsync(_registry, "me/mine:1");
        await approval.KeepAsync(_client.Store.Paths, pulled.Image.Manifest, TestContext.Current.CancellationToken);
        _registry.Requests.Clear();
        await Approval().RequireAsync(_client.Store.Paths, pulled.Image, TestContext.Current.CancellationToken);
        Assert.Empty(_registry.Requests);
        Assert.Empty(new ImageStore(_client.Store.Paths).Validate(_client.Progress, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_image_without_a_signature_is_refused_in_registry_and_store()
    {
        Assert.Equal("TY6032", (await RefusesAsync(_image.Digest)).Code);
        var pulled = await _client.PullAsync(_registry, "me/mine:1");
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            Approval().RequireAsync(_client.Store.Paths, pulled.Image, TestContext.Current.CancellationToken)
        );
        Assert.Equal("TY6032", failure.Code);
    }

    [Fact]
    public async Task Another_key_counts_for_nothing()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Sign(_image.Digest, _image.Digest, other);
        Assert.Contains("1 signature of other keys", (await RefusesAsync(_image.Digest)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_for_another_image_under_this_ones_tag_counts_for_nothing()
    {
        var other = RegistryImage.Add(_registry, "me/mine", "other", 5000);
        Sign(_image.Digest, other.Digest, _key);
        Assert.Equal("TY6032", (await RefusesAsync(_image.Digest)).Code);
    }

    [Theory]
    [InlineData("not base64")]
    [InlineData("")]
    [InlineData("AAAA")]
    public async Task What_is_not_a_signature_counts_for_nothing(string text)
    {
        Sign(_image.Digest, _image.Digest, _key, text);
        Assert.Equal("TY6032", (await RefusesAsync(_image.Digest)).Code);
    }

    [Fact]
    public async Task The_signature_of_an_index_counts_for_its_image()
    {
        var index = FakeRegistry.DigestOf("an index"u8.ToArray());
        Sign(index, index, _key);
        await ApproveAsync(Approval(), index, _image.Digest);
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_is_named()
    {
        Sign(_image.Digest, _image.Digest, _key);
        using var rsa = RSA.Create(2048);
        await File.WriteAllTextAsync(KeyFile, rsa.ExportSubjectPublicKeyInfoPem(), TestContext.Current.CancellationToken);
        var failure = await RefusesAsync(_image.Digest);
        Assert.Equal("TY6030", failure.Code);
        Assert.Contains(KeyFile, failure.Message, StringComparison.Ordinal);
    }

    private PolicyApproval Approval() => new(new PolicyRule("*") { Keys = [KeyFile] }, ImageReference.Parse($"{_registry.Name}/me/mine:1"));

    private async Task ApproveAsync(PolicyApproval approval, params string[] digests)
    {
        using var connection = await _client.ConnectAsync(_registry, "me/mine");
        await approval.RequireAsync(connection, [.. digests.Select(Digest.Parse)], TestContext.Current.CancellationToken);
    }

    private Task<TorchyardException> RefusesAsync(string digest) =>
        Assert.ThrowsAsync<TorchyardException>(() => ApproveAsync(Approval(), digest));

    // As 'cosign sign --key' does (sigstore/cosign, specs/SIGNATURE_SPEC.md).
    private void Sign(string under, string named, ECDsa key, string? text = null)
    {
        var payload = Encoding.UTF8.GetBytes(
            $$$"""{"critical":{"identity":{"docker-reference":"x/y"},"image":{"docker-manifest-digest":"{{{named}}}"},"type":"cosign container image signature"},"optional":null}"""
        );
        text ??= Convert.ToBase64String(key.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        var configuration = "{}"u8.ToArray();
        _registry.AddManifest(
            "me/mine",
            $"sha256-{under[7..]}.sig",
            RegistryImage.Manifest,
            $$$"""{"schemaVersion":2,"mediaType":"{{{RegistryImage.Manifest}}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{{_registry.AddBlob(configuration)}}}","size":2},"layers":[{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{{{_registry.AddBlob(payload)}}}","size":{{{payload.Length}}},"annotations":{"dev.cosignproject.cosign/signature":"{{{text}}}"}}]}"""
        );
    }
}
