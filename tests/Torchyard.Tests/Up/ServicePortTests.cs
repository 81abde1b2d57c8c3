using System.Net;
using System.Net.Sockets;
using Torchyard.Platform;
using Torchyard.Up;

namespace Torchyard.Tests.Up;

public sealed class ServicePortTests
{
    [Fact]
    public void A_free_port_is_kept()
    {
        var port = FreePort();
        Assert.Equal(port, ServicePort.Choose("jupyter", IPAddress.Loopback, port, chosenByUser: true, new HashSet<int>()));
    }

    [Fact]
    public void The_usual_port_moves_when_it_is_taken()
    {
        using var taken = Listen();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Assert.InRange(ServicePort.Choose("jupyter", IPAddress.Loopback, port, chosenByUser: false, new HashSet<int>()), port + 1, port + 50);
    }

    [Fact]
    public void A_port_of_the_users_choice_is_refused_when_it_is_taken()
    {
        using var taken = Listen();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var failure = Assert.Throws<TorchyardException>(
            () => ServicePort.Choose("ssh", IPAddress.Loopback, port, chosenByUser: true, new HashSet<int>()));
        Assert.Equal("TY4101", failure.Code);
        Assert.Contains("[services.ssh]", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_services_of_one_start_do_not_get_the_same_port()
    {
        var port = FreePort();
        Assert.NotEqual(port, ServicePort.Choose("ssh", IPAddress.Loopback, port, chosenByUser: false, new HashSet<int> { port }));
    }

    [Fact]
    public void Zero_takes_any_free_port() =>
        Assert.InRange(ServicePort.Choose("ssh", IPAddress.Loopback, 0, chosenByUser: true, new HashSet<int>()), 1, 65535);

    private static int FreePort()
    {
        using var listener = Listen();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }
}
