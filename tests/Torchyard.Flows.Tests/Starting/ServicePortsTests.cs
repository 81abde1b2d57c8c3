using System.Net;
using Torchyard.Flows.Starting;
using Torchyard.Platform.Errors;
using Torchyard.Testing.Loopback;

namespace Torchyard.Flows.Tests.Starting;

public sealed class ServicePortsTests
{
    [Fact]
    public void A_free_port_is_kept()
    {
        using var ports = new ServicePorts();
        var port = LoopbackPort.Free();

        Assert.Equal(port, ports.Take("jupyter", IPAddress.Loopback, port, chosenByUser: true));
    }

    [Fact]
    public void The_usual_port_moves_when_it_is_taken()
    {
        using var ports = new ServicePorts();
        using var taken = LoopbackPort.Taken(out _);
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        Assert.InRange(ports.Take("jupyter", IPAddress.Loopback, port, chosenByUser: false), port + 1, port + 50);
    }

    [Fact]
    public void A_port_of_the_users_choice_is_refused_when_it_is_taken()
    {
        using var ports = new ServicePorts();
        using var taken = LoopbackPort.Taken(out _);
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var failure = Assert.Throws<TorchyardException>(() => ports.Take("ssh", IPAddress.Loopback, port, chosenByUser: true));

        Assert.Equal("TY4101", failure.Code);
        Assert.Contains("[services.ssh]", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_services_of_one_start_do_not_get_the_same_port()
    {
        using var ports = new ServicePorts();
        var port = ports.Take("jupyter", IPAddress.Loopback, LoopbackPort.Free(), chosenByUser: false);

        Assert.NotEqual(port, ports.Take("ssh", IPAddress.Loopback, port, chosenByUser: false));
    }

    [Fact]
    public void Two_environments_that_start_at_one_moment_do_not_get_the_same_port()
    {
        using var first = new ServicePorts();
        using var second = new ServicePorts();
        var port = first.Take("jupyter", IPAddress.Loopback, LoopbackPort.Free(), chosenByUser: false);

        Assert.NotEqual(port, second.Take("jupyter", IPAddress.Loopback, port, chosenByUser: false));
        var failure = Assert.Throws<TorchyardException>(() => second.Take("jupyter", IPAddress.Loopback, port, chosenByUser: true));
        Assert.Contains("promised to another environment", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_is_free_again_when_its_environment_has_started()
    {
        int port;
        using (var first = new ServicePorts())
        {
            port = first.Take("jupyter", IPAddress.Loopback, LoopbackPort.Free(), chosenByUser: false);
        }

        using var second = new ServicePorts();
        Assert.Equal(port, second.Take("jupyter", IPAddress.Loopback, port, chosenByUser: true));
    }

    [Fact]
    public void Zero_takes_any_free_port()
    {
        using var ports = new ServicePorts();

        Assert.InRange(ports.Take("ssh", IPAddress.Loopback, 0, chosenByUser: true), 1, 65535);
    }

    [Fact]
    public void The_last_port_has_no_next_one()
    {
        using var first = new ServicePorts();
        using var second = new ServicePorts();
        try
        {
            _ = first.Take("ssh", IPAddress.Loopback, IPEndPoint.MaxPort, chosenByUser: false);
        }
        catch (TorchyardException)
        {
            // Somebody else has it, which is as good.
        }

        Assert.Throws<TorchyardException>(() => second.Take("ssh", IPAddress.Loopback, IPEndPoint.MaxPort, chosenByUser: false));
    }
}
