using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// A small HTTP server on 127.0.0.1 for one client that is known: pip, which sends GET and HEAD without a body and keeps connections.
/// </summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private const int HeaderLimit = 32 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, Task<LoopbackAnswer>> _answer;
    private readonly CancellationToken _stop;
    private readonly Task _accepting;

    /// <summary>Starts serving, on a port that the kernel chooses.</summary>
    /// <param name="answer">Answers a path with its query; it throws only once <paramref name="stop"/> is cancelled.</param>
    /// <param name="stop">Ends the connections.</param>
    public LoopbackServer(Func<string, Task<LoopbackAnswer>> answer, CancellationToken stop)
    {
        (_answer, _stop) = (answer, stop);
        _listener.Start();
        Root = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/"));
        _accepting = AcceptAsync();
    }

    /// <summary>Address of the server.</summary>
    public Uri Root { get; }

    /// <summary>Stops listening, and waits for the connections; cancel the token before.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop);
                connections.RemoveAll(c => c.IsCompleted);
                connections.Add(ServeAsync(client));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        await Task.Yield();
        try
        {
            using var owned = client;
            client.NoDelay = true;
            await using var stream = client.GetStream();
            var buffer = new byte[HeaderLimit];
            var have = 0;
            while (true)
            {
                int end;
                while ((end = buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
                {
                    var read = have < buffer.Length ? await stream.ReadAsync(buffer.AsMemory(have), _stop) : 0;
                    if (read == 0)
                    {
                        return;
                    }

                    have += read;
                }

                var line = Encoding.ASCII.GetString(buffer, 0, buffer.AsSpan().IndexOf("\r\n"u8)).Split(' ');
                buffer.AsSpan(end + 4, have - end - 4).CopyTo(buffer);
                have -= end + 4;
                if (line is not ["GET" or "HEAD", var target, "HTTP/1.1" or "HTTP/1.0"])
                {
                    return;
                }

                await WriteAsync(stream, await _answer(target), isHead: line[0] == "HEAD");
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // pip closed the connection, or the work is over.
        }
    }

    private async Task WriteAsync(NetworkStream stream, LoopbackAnswer answer, bool isHead)
    {
        var length = answer.File is null ? answer.Body.Length : new FileInfo(answer.File).Length;
        var reason = answer.Status == 200 ? "OK" : "No";
        var header = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {answer.Status} {reason}\r\nContent-Type: {answer.Type}\r\nContent-Length: {length}\r\n\r\n"
        );
        await stream.WriteAsync(Encoding.ASCII.GetBytes(header), _stop);
        if (isHead)
        {
            return;
        }

        if (answer.File is null)
        {
            await stream.WriteAsync(answer.Body, _stop);
            return;
        }

        await using var content = File.OpenRead(answer.File);
        await content.CopyToAsync(stream, _stop);
    }
}
