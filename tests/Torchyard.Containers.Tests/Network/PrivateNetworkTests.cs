using System.Net;
using System.Net.Sockets;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;

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
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.Launcher.StartAsync(
                fixture.Request("true") with
                {
                    Network = NetworkMode.Private,
                    Ports = PortMapping.Parse($"{port}:80"),
                },
                Cancellation
            )
        );

        Assert.Equal("TY4050", error.Code);
        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_published_port_reaches_the_program_inside_and_each_connection_is_its_own()
    {
        await using var fixture = ContainerFixture.Create();
        var session = await fixture.Launcher.StartAsync(
            fixture.Shell("while true; do (echo hello; cat) | nc -l -p 8000; done") with
            {
                Network = NetworkMode.Private,
                Ports = PortMapping.Parse("127.0.0.1::8000"),
            },
            Cancellation
        );

        var port = session.Record.Ports[0].HostPort;
        for (var connection = 0; connection < 3; connection++)
        {
            Assert.Equal("hello", await GreetingAsync(port));
        }

        await session.StopAsync(TimeSpan.Zero, Cancellation);
        using var late = new TcpClient();
        await Assert.ThrowsAnyAsync<SocketException>(() => late.ConnectAsync(IPAddress.Loopback, port, Cancellation).AsTask());
    }

    /// <summary>The first line of an answer; a connection that is cut means that the program inside does not listen yet.</summary>
    private static async Task<string?> GreetingAsync(int port)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
                using var reader = new StreamReader(client.GetStream());
                return await reader.ReadLineAsync(Cancellation) ?? throw new IOException("closed without a word");
            }
            catch (Exception cut) when (attempt < 200 && cut is (IOException or SocketException))
            {
                await Task.Delay(20, Cancellation);
            }
        }
    }
}
