using System.Net;
using System.Net.Sockets;
using Torchyard.Containers.Requests;
using Torchyard.Platform;

namespace Torchyard.Containers.Tests.Network;

public class PrivateNetworkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_port_in_use_is_refused_with_its_holder()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        await using var fixture = ContainerFixture.Create();
        var error = await Assert.ThrowsAsync<TorchyardException>(() => fixture.Launcher.StartAsync(
            fixture.Request("true") with { Network = NetworkMode.Private, Ports = PortMapping.Parse($"{port}:80") }, Cancellation));

        Assert.Equal("TY4050", error.Code);
        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }
}
