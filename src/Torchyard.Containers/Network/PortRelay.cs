using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sockets;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Network;

/// <summary>
/// Published ports without privilege: listens on the host, and for each connection gets a socket that was connected inside the
/// container's network namespace by a small process that lives there (<see cref="Connector"/>). It needs no tun device, bridge or NAT.
/// </summary>
internal sealed class PortRelay : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly List<Socket> _listeners = [];
    private readonly SemaphoreSlim _gate = new(1, 1);
    private Process? _connector;
    private Socket? _channel;

    /// <summary>Opens the published ports; brings the container's loopback up even when there are none.</summary>
    public static async Task<PortRelay> StartAsync(
        ContainerDirectory directory,
        ContainerRecord record,
        ProcessIdentity init,
        SelfProgram self
    )
    {
        var relay = new PortRelay();
        try
        {
            foreach (var mapping in record.Ports)
            {
                var socket = PortReservation.Bind(mapping);
                relay._listeners.Add(socket);
                if (mapping.Protocol == "tcp")
                {
                    PortReservation.Listen(socket, mapping);
                }
            }

            await relay.EnterAsync(directory, record, init, self);
            for (var i = 0; i < record.Ports.Count; i++)
            {
                var (mapping, socket) = (record.Ports[i], relay._listeners[i]);
                _ =
                    mapping.Protocol == "tcp"
                        ? relay.AcceptAsync(socket, mapping.ContainerPort)
                        : relay.ForwardDatagramsAsync(socket, mapping.ContainerPort);
            }

            if (record.Ports.Count == 0)
            {
                // Loopback is up; nothing is left to do in there.
                relay._channel!.Dispose();
            }

            return relay;
        }
        catch
        {
            relay.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _listeners.ForEach(l => l.Dispose());
        // The connector ends with its channel. Without one it is still on its way.
        if (_channel is null && _connector is { HasExited: false } connector)
        {
            connector.Kill(entireProcessTree: true);
        }

        _channel?.Dispose();
        _connector?.Dispose();
    }

    private async Task EnterAsync(ContainerDirectory directory, ContainerRecord record, ProcessIdentity init, SelfProgram self)
    {
        var path = Path.Combine(directory.Root, "relay.sock");
        using var listener = LocalSocket.Listen(path);
        var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{init.Id}/ns/");
        var start = HostProcess.Prepare(
            HostProgram.Require("nsenter"),
            directory.Root,
            [
                "--net=" + process + "net",
                .. record.Rootless ? NamespaceLauncher.NsenterArguments(process + "user", record.FullMapping) : ["--"],
                self.Path,
                SelfVerbs.Connect,
                path,
            ]
        );
        start.RedirectStandardInput = true;
        start.RedirectStandardError = true;
        _connector = HostProcess.Start(start);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var accepted = listener.AcceptAsync(patience.Token).AsTask();
        var ended = _connector.WaitForExitAsync(patience.Token);
        if (await Task.WhenAny(accepted, ended) == ended)
        {
            throw new TorchyardException(
                "TY4053",
                $"the container's network cannot be entered: {(await _connector.StandardError.ReadToEndAsync(patience.Token)).Trim()}",
                "run torchyard doctor, or use --network host"
            );
        }

        _channel = await accepted;
        _channel.Blocking = true;
        File.Delete(path);
        var ready = new byte[1];
        await Task.Run(() => SocketRights.Receive(_channel, ready));
    }

    /// <summary>A socket connected to a port inside, or null when nobody listens there.</summary>
    private async Task<Socket?> ConnectAsync(int port, bool datagrams)
    {
        await _gate.WaitAsync();
        try
        {
            return await Task.Run(() =>
            {
                Span<byte> request = stackalloc byte[3];
                BinaryPrimitives.WriteUInt16BigEndian(request, (ushort)port);
                request[2] = datagrams ? (byte)1 : (byte)0;
                SocketRights.Send(_channel!, request, -1);
                Span<byte> reply = stackalloc byte[1];
                var (count, descriptor) = SocketRights.Receive(_channel!, reply);
                return count == 0 || descriptor < 0 ? null : new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
            });
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task AcceptAsync(Socket listener, int port)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync();
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                if (listener.SafeHandle.IsClosed)
                {
                    return;
                }

                continue; // The peer gave up before it was accepted, or descriptors are short for the moment.
            }

            _ = RelayAsync(client, port);
        }
    }

    private async Task RelayAsync(Socket client, int port)
    {
        using (client)
        {
            try
            {
                using var inside = await ConnectAsync(port, datagrams: false);
                if (inside is null)
                {
                    // A reset says "refused" where an orderly end would look like an empty answer; only Close(0) skips the orderly end.
                    client.Close(0);
                    return;
                }

                client.NoDelay = true;
                inside.NoDelay = true;
                await Task.WhenAll(CopyAsync(client, inside), CopyAsync(inside, client));
            }
            catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
            {
                // One side broke the connection; both are closed.
            }
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, SocketFlags.None)) > 0)
            {
                for (var sent = 0; sent < read; )
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None);
                }
            }

            // Half-closed: the other direction may go on.
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            from.Dispose();
            to.Dispose();
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>UDP: one socket inside for each peer outside; the oldest goes when there are many.</summary>
    private async Task ForwardDatagramsAsync(Socket outside, int port)
    {
        const int MaximumPeers = 1024;
        var peers = new Dictionary<EndPoint, Socket>();
        var order = new Queue<EndPoint>();
        var buffer = new byte[65536];
        try
        {
            while (true)
            {
                var received = await outside.ReceiveFromAsync(
                    buffer,
                    SocketFlags.None,
                    new IPEndPoint(outside.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0)
                );
                if (!peers.TryGetValue(received.RemoteEndPoint, out var inside))
                {
                    if (await ConnectAsync(port, datagrams: true) is not { } made)
                    {
                        continue;
                    }

                    if (order.Count == MaximumPeers)
                    {
                        var oldest = order.Dequeue();
                        peers[oldest].Dispose();
                        peers.Remove(oldest);
                    }

                    peers[received.RemoteEndPoint] = inside = made;
                    order.Enqueue(received.RemoteEndPoint);
                    _ = AnswerAsync(made, outside, received.RemoteEndPoint);
                }

                try
                {
                    await inside.SendAsync(buffer.AsMemory(0, received.ReceivedBytes), SocketFlags.None);
                }
                catch (SocketException)
                {
                    // Nobody listens inside yet; datagrams may be lost.
                }
            }
        }
        catch (Exception error) when (error is ObjectDisposedException or SocketException)
        {
            foreach (var socket in peers.Values)
            {
                socket.Dispose();
            }
        }
    }

    private static async Task AnswerAsync(Socket inside, Socket outside, EndPoint peer)
    {
        var buffer = new byte[65536];
        while (true)
        {
            try
            {
                var count = await inside.ReceiveAsync(buffer, SocketFlags.None);
                await outside.SendToAsync(buffer.AsMemory(0, count), SocketFlags.None, peer);
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // The answer to a datagram that nobody took.
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
