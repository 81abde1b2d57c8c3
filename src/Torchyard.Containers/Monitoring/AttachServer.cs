using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Channels;
using Torchyard.Containers.Sockets;

namespace Torchyard.Containers.Monitoring;

/// <summary>What a monitor does with frames of its clients.</summary>
internal sealed record AttachHandlers
{
    public required Func<byte[], Task> Input { get; init; }

    public required Action EndOfInput { get; init; }

    public required Action<ushort, ushort> Resize { get; init; }

    public required Action Start { get; init; }

    /// <summary>Nobody reads a stream of the program any more.</summary>
    public required Action<AttachKind> OutputClosed { get; init; }

    /// <summary>The last client went away.</summary>
    public required Action Abandoned { get; init; }
}

/// <summary>
/// Serves <c>attach</c>: every client gets the program's output and may send input. A client that does not read stops the program's
/// output when its queue is full, as a stopped terminal does; one that is gone is dropped.
/// </summary>
internal sealed class AttachServer(Socket listener, AttachHandlers handlers) : IDisposable
{
    private const int QueuedFrames = 64;

    private readonly Lock _gate = new();
    private readonly List<Client> _clients = [];

    /// <summary>Accepts clients until disposed.</summary>
    public async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }

            var client = new Client(socket);
            lock (_gate)
            {
                _clients.Add(client);
            }

            _ = ServeAsync(client);
            _ = client.WriteAsync();
        }
    }

    /// <summary>Gives a frame to every client.</summary>
    public async Task BroadcastAsync(byte[] frame)
    {
        List<Client> clients;
        lock (_gate)
        {
            clients = [.. _clients];
        }

        foreach (var client in clients)
        {
            await client.SendAsync(frame);
        }
    }

    /// <summary>Sends a last frame and waits until the clients have it.</summary>
    public async Task CloseAsync(byte[] last)
    {
        await BroadcastAsync(last);
        List<Client> clients;
        lock (_gate)
        {
            clients = [.. _clients];
        }

        await Task.WhenAll(clients.Select(c => c.FinishAsync()))
            .WaitAsync(TimeSpan.FromSeconds(5))
            .ContinueWith(_ => { }, TaskScheduler.Default);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        listener.Dispose();
        lock (_gate)
        {
            _clients.ForEach(c => c.Dispose());
        }
    }

    private async Task ServeAsync(Client client)
    {
        try
        {
            while (await AttachFrame.ReadAsync(client.Stream, CancellationToken.None) is { } frame)
            {
                switch (frame.Kind)
                {
                    case AttachKind.Input:
                        await handlers.Input(frame.Payload);
                        break;
                    case AttachKind.EndOfInput:
                        handlers.EndOfInput();
                        break;
                    case AttachKind.Resize when frame.Payload.Length == 4:
                        handlers.Resize(
                            BinaryPrimitives.ReadUInt16BigEndian(frame.Payload),
                            BinaryPrimitives.ReadUInt16BigEndian(frame.Payload.AsSpan(2))
                        );
                        break;
                    case AttachKind.Start:
                        handlers.Start();
                        break;
                    case AttachKind.OutputClosed when frame.Payload.Length == 1:
                        handlers.OutputClosed((AttachKind)frame.Payload[0]);
                        break;
                }
            }
        }
        catch (Exception error) when (error is IOException or InvalidDataException or ObjectDisposedException)
        {
            // The client is gone or speaks something else; the container goes on.
        }

        bool last;
        lock (_gate)
        {
            _clients.Remove(client);
            last = _clients.Count == 0;
        }

        client.Dispose();
        if (last)
        {
            handlers.Abandoned();
        }
    }

    private sealed class Client(Socket socket) : IDisposable
    {
        private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(QueuedFrames);
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public NetworkStream Stream { get; } = new(socket, ownsSocket: true);

        public async ValueTask SendAsync(byte[] frame)
        {
            try
            {
                await _queue.Writer.WriteAsync(frame);
            }
            catch (ChannelClosedException)
            {
                // It went away while the queue was full.
            }
        }

        public async Task WriteAsync()
        {
            try
            {
                await foreach (var frame in _queue.Reader.ReadAllAsync())
                {
                    await Stream.WriteAsync(frame);
                }
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                _queue.Writer.TryComplete();
            }

            _written.TrySetResult();
        }

        public Task FinishAsync()
        {
            _queue.Writer.TryComplete();
            return _written.Task;
        }

        public void Dispose()
        {
            _queue.Writer.TryComplete();
            Stream.Dispose();
        }
    }
}
