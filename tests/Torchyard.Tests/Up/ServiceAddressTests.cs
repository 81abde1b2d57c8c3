using Torchyard.Containers.Sessions;
using Torchyard.Up;

namespace Torchyard.Tests.Up;

public sealed class ServiceAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 8888, false, "http://127.0.0.1:8888/", false)]
    [InlineData("0.0.0.0", 8888, true, "https://127.0.0.1:8888/", true)]
    [InlineData("::", 8888, true, "https://[::1]:8888/", true)]
    [InlineData("192.0.2.7", 443, true, "https://192.0.2.7/", true)]
    public void A_service_is_reached_from_this_machine(string listen, int port, bool tls, string url, bool beyond)
    {
        var address = ServiceAddress.Of(new ServiceStatus { Name = "jupyter", Listen = listen, Port = port, Tls = tls });
        Assert.NotNull(address);
        Assert.Equal(url, address.Url.ToString());
        Assert.Equal(beyond, address.BeyondLoopback);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("127.0.0.1", null)]
    [InlineData("not an address", 1)]
    public void A_service_that_listens_nowhere_has_no_address(string? listen, int? port) =>
        Assert.Null(ServiceAddress.Of(new ServiceStatus { Listen = listen, Port = port }));

    [Fact]
    public void No_service_has_no_address() => Assert.Null(ServiceAddress.Of(null));
}
