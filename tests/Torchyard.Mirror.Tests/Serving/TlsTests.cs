using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Torchyard.Platform.Errors;

namespace Torchyard.Mirror.Tests.Serving;

/// <summary>A mirror with a certificate.</summary>
public sealed class TlsTests
{
    [Fact]
    public async Task A_client_that_trusts_the_certificate_is_served()
    {
        using var home = MirrorHost.Home();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mirror.lan", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (file, keyFile) = (
            home.Write("cert.pem", certificate.ExportCertificatePem()),
            home.Write("key.pem", key.ExportPkcs8PrivateKeyPem())
        );
        await using var mirror = await MirrorHost.StartAsync(options => options with { Certificate = file, Key = keyFile });
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.GetCertHashString(),
                },
            }
        );

        Assert.Equal("https", mirror.Server.Address.Scheme);
        Assert.Equal("{}", await client.GetStringAsync(new Uri(mirror.Server.Address, "/v2/"), MirrorHost.Cancellation));
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_refused_in_words()
    {
        using var home = MirrorHost.Home();
        var file = home.Write("cert.pem", "nothing");

        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            MirrorHost.StartAsync(options => options with { Certificate = file, Key = file })
        );

        Assert.Equal("TY6044", failure.Code);
    }
}
