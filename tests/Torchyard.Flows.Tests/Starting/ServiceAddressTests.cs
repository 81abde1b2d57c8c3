using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;

namespace Torchyard.Flows.Tests.Starting;

public sealed class ServiceAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 8888, "http://127.0.0.1:8888/", false)]
    [InlineData("0.0.0.0", 8888, "https://127.0.0.1:8888/", true)]
    [InlineData("::", 8888, "https://[::1]:8888/", true)]
    [InlineData("192.0.2.7", 443, "https://192.0.2.7/", true)]
    public void A_service_is_reached_where_it_was_placed(string listen, int port, string url, bool beyond)
    {
        var address = ServiceAddress.Of(new Dictionary<string, string>([ServiceAddress.Label("jupyter", listen, port)]), "jupyter");
        Assert.NotNull(address);
        Assert.Equal(url, address.Url.ToString());
        Assert.Equal(beyond, address.BeyondLoopback);
    }

    [Fact]
    public void A_service_that_was_not_placed_has_no_address_whatever_the_container_says() =>
        Assert.Null(ServiceAddress.Of(new Dictionary<string, string>([ServiceAddress.Label("jupyter", "127.0.0.1", 8888)]), "ssh"));

    [Theory]
    [InlineData("127.0.0.1", 2222, "127.0.0.1:2222")]
    [InlineData("0.0.0.0", 2222, "127.0.0.1:2222")]
    [InlineData("::1", 2222, "[::1]:2222")]
    // What a container says about itself leads to no other machine.
    [InlineData("192.0.2.7", 2222, null)]
    [InlineData("169.254.169.254", 80, null)]
    [InlineData("127.0.0.1", 0, null)]
    [InlineData("127.0.0.1", 65536, null)]
    [InlineData("127.0.0.1", -1, null)]
    [InlineData("127.0.0.1", null, null)]
    [InlineData("evil.example", 22, null)]
    [InlineData(null, 22, null)]
    public void What_a_container_says_leads_to_this_machine_only(string? listen, int? port, string? expected) =>
        Assert.Equal(expected, ServiceAddress.OnThisMachine(new ServiceStatus { Listen = listen, Port = port })?.ToString());

    [Theory]
    [InlineData(8888, "127.0.0.1:9000")]
    [InlineData(8889, null)]
    public void On_a_network_of_its_own_a_service_is_reached_by_its_published_port(int port, string? expected)
    {
        using var test = new TestHost();
        using var running = new RunningEnvironment(test, new Dictionary<string, string>(), []);
        var record = running.Record with
        {
            Network = NetworkMode.Private,
            Ports = [new PortMapping("127.0.0.1", 9001, 8888, "udp"), new PortMapping("0.0.0.0", 9000, 8888)],
        };

        Assert.Equal(expected, ServiceAddress.Reported(record, new ServiceStatus { Listen = "0.0.0.0", Port = port })?.ToString());
        Assert.Null(ServiceAddress.Reported(record, null));
    }

    [Fact]
    public void No_service_has_no_address() => Assert.Null(ServiceAddress.OnThisMachine(null));
}
