using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Requests;

public class PortMappingTests
{
    [Theory]
    [InlineData("8888", "127.0.0.1:0->8888/tcp")]
    [InlineData("80:8888", "127.0.0.1:80->8888/tcp")]
    [InlineData("0.0.0.0:80:8888/udp", "0.0.0.0:80->8888/udp")]
    [InlineData("[::1]:80:8888", "[::1]:80->8888/tcp")]
    [InlineData("127.0.0.1::8888", "127.0.0.1:0->8888/tcp")]
    public void Ports_are_on_loopback_unless_an_address_is_named(string text, string expected) =>
        Assert.Equal(expected, Assert.Single(PortMapping.Parse(text)).ToString());

    [Fact]
    public void Ranges_map_one_to_one() =>
        Assert.Equal([(8000, 9000), (8001, 9001)], PortMapping.Parse("8000-8001:9000-9001").Select(p => (p.HostPort, p.ContainerPort)));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("70000")]
    [InlineData("80:81:82:83")]
    [InlineData("80/icmp")]
    [InlineData("8000-8001:9000")]
    [InlineData("x:80")]
    public void What_cannot_be_read_is_a_usage_error(string text) =>
        Assert.Equal("TY4031", Assert.Throws<TorchyardException>(() => PortMapping.Parse(text)).Code);
}
