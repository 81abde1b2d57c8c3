using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Python.Settings;

public sealed class IndexCredentialsTests
{
    [Fact]
    public void Url_then_keyring_then_netrc()
    {
        using var home = new TemporaryDirectory();
        home.Write(
            ".netrc",
            "# comment\nmachine one.lan login ann password secret1\nmachine two.lan login bob password p2\ndefault login any password p0\n"
        );
        // keyrings.alt escapes the dot of the host and stores the password as Base64.
        home.Write(".local/share/python_keyring/keyring_pass.cfg", "[two_2Elan]\ncarol = \n\tcDM=\n");
        var credentials = IndexCredentials.Read(_ => null, home.Path);

        Assert.Equal(new HostCredential("ann", "secret1"), credentials.Find(new Uri("https://one.lan/simple/")));
        Assert.Equal(new HostCredential("carol", "p3"), credentials.Find(new Uri("https://two.lan/simple/")));
        Assert.Equal(new HostCredential("any", "p0"), credentials.Find(new Uri("https://three.lan/")));

        var clean = credentials.Adopt("https://u:t%2F1@one.lan/simple/");
        Assert.Equal("https://one.lan/simple/", clean.AbsoluteUri);
        Assert.Equal(new HostCredential("u", "t/1"), credentials.Find(new Uri("https://one.lan/other")));
        Assert.Equal(
            new HostCredential("any", "p0"),
            credentials.Find(new Uri("https://one.lan:8443/other")) is { Password: "p0" } c
                ? c
                : credentials.Find(new Uri("https://four.lan/"))
        );
    }

    [Theory]
    [InlineData("pypi.lan/simple/")]
    [InlineData("https://u:secret@pypi\u202E.lan/simple/")]
    public void An_index_without_a_readable_address_is_refused_and_no_password_is_shown(string url)
    {
        var refused = Assert.Throws<TorchyardException>(() => IndexCredentials.Read(_ => null, "/nowhere").Adopt(url));
        Assert.Equal("TY2537", refused.Code);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', refused.Message);
    }

    [Fact]
    public void A_credential_prints_no_password() => Assert.Equal("u:***", new HostCredential("u", "secret").ToString());
}
