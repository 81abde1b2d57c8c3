using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;

namespace Torchyard.Registry.Tests.Connections;

public sealed class TokenRealmTests
{
    private static readonly Uri Registry = new("https://registry.example.com/v2/");

    [Theory]
    [InlineData("https://auth.example.com/token")]
    [InlineData("https://authn.nvidia.com/token?scope=a")]
    [InlineData("https://registry.example.com:8443/token")]
    public void Tokens_are_to_be_had_on_another_public_server(string realm) =>
        Assert.Equal(realm, TokenRealm.Require("registry.example.com", Registry, realm).AbsoluteUri);

    [Theory]
    [InlineData("http://auth.example.com/token")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[fd00::1]/token")]
    [InlineData("https://[::ffff:10.0.0.1]/token")]
    [InlineData("https://127.0.0.1/token")]
    [InlineData("https://2130706433/token")]
    [InlineData("https://0x7f000001/token")]
    [InlineData("https://localhost/token")]
    [InlineData("https://vault/token")]
    [InlineData("https://metadata.google.internal/token")]
    [InlineData("https://192.168.1.1/token")]
    [InlineData("https://100.64.0.1/token")]
    public void A_registry_sends_nobody_into_the_private_network(string realm) =>
        Assert.Equal("TY6011", Assert.Throws<TorchyardException>(() => TokenRealm.Require("registry.example.com", Registry, realm)).Code);

    [Fact]
    public void A_private_registry_may_have_a_private_server_of_tokens() =>
        Assert.Equal("10.0.0.2", TokenRealm.Require("10.0.0.1", new Uri("https://10.0.0.1/v2/"), "https://10.0.0.2/token").Host);

    [Theory]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://[::ffff:169.254.169.254]/latest/meta-data")]
    [InlineData("https://[fe80::1]/token")]
    public void Not_even_a_private_registry_sends_anybody_to_the_service_of_a_cloud(string realm) =>
        Assert.Equal(
            "TY6011",
            Assert.Throws<TorchyardException>(() => TokenRealm.Require("10.0.0.1", new Uri("https://10.0.0.1/v2/"), realm)).Code
        );

    [Theory]
    [InlineData(null)]
    [InlineData("token")]
    [InlineData("https://user:password@auth.example.com/")]
    public void A_realm_is_an_address(string? realm) =>
        Assert.Equal("TY6007", Assert.Throws<TorchyardException>(() => TokenRealm.Require("registry.example.com", Registry, realm)).Code);

    /// <summary>A name of the public DNS may lead anywhere: to a service behind the firewall, or to a cloud's own.</summary>
    [Theory]
    [InlineData("10.1.2.3", false, true)]
    [InlineData("127.0.0.1", false, true)]
    [InlineData("::ffff:192.168.1.1", false, true)]
    [InlineData("fd00::1", false, true)]
    [InlineData("10.1.2.3", true, false)]
    [InlineData("169.254.169.254", true, true)]
    [InlineData("fe80::1", true, true)]
    [InlineData("93.184.216.34", false, false)]
    public void Where_a_connection_leads_decides(string address, bool registryIsInside, bool refused)
    {
        void Check(string host) =>
            TokenRealm.CheckReached(
                "registry.example.com",
                new Uri("https://registry.example.com/v2/"),
                host,
                System.Net.IPAddress.Parse(address),
                registryIsInside
            );

        Check("registry.example.com");
        if (refused)
        {
            Assert.Equal("TY6011", Assert.Throws<Torchyard.Platform.Errors.TorchyardException>(() => Check("auth.example.com")).Code);
        }
        else
        {
            Check("auth.example.com");
        }
    }
}
