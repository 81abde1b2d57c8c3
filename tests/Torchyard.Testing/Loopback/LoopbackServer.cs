using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Torchyard.Testing.Loopback;

/// <summary>What the server shall do with one request.</summary>
public sealed record Reply(int Status, byte[] Body)
{
    /// <summary>Close the connection after that many bytes of the body.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Say nothing more after that many bytes of the body.</summary>
    public int? StallAfter { get; init; }

    /// <summary>Go on sending for ever after the body, without saying how long it is.</summary>
    public bool Endless { get; init; }

    /// <summary>Ignore Range and send all.</summary>
    public bool IgnoreRange { get; init; }

    /// <summary>More header lines.</summary>
    public string Headers { get; init; } = "";
}

/// <summary>A request as it came.</summary>
public sealed record Asked(string Path, long? From, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Last byte that was asked for.</summary>
    public long? To { get; init; }
}

/// <summary>A small HTTP/1.1 server on 127.0.0.1 with keep-alive and Range, which does wrong what a test tells it to.</summary>
public sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Asked, int, Reply> _answer;
    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gets the request, and how often its path was asked for before.</param>
    public LoopbackServer(Func<Asked, int, Reply> answer)
    {
        _answer = answer;
        _listener.Start();
        Root = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _ = AcceptAsync();
    }

    public Uri Root { get; }

    /// <summary>All requests, in order.</summary>
    public ConcurrentQueue<Asked> Requests { get; } = new();

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test ended.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        try
        {
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1, false, 1024, leaveOpen: true);
            while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line)
            {
                var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } header)
                {
                    headers[header[..header.IndexOf(':')]] = header[(header.IndexOf(':') + 1)..].Trim();
                }

                var range = headers.TryGetValue("Range", out var value) ? value["bytes=".Length..].Split('-') : ["", ""];
                var asked = new Asked(line.Split(' ')[1], range[0].Length > 0 ? long.Parse(range[0]) : null, headers)
                {
                    To = range[1].Length > 0 ? long.Parse(range[1]) : null,
                };
                Requests.Enqueue(asked);
                if (!await SendAsync(stream, asked, _answer(asked, _counts.AddOrUpdate(asked.Path, 0, (_, n) => n + 1))))
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or SocketException)
        {
            // The client went away, or the test ended.
        }
    }

    private async Task<bool> SendAsync(NetworkStream stream, Asked asked, Reply reply)
    {
        var body = reply.Body;
        var status = reply.Status.ToString();
        var headers = reply.Headers;
        if (asked.From is { } from && reply.Status == 200 && !reply.IgnoreRange)
        {
            if (from >= body.Length)
            {
                status = "416";
                body = [];
            }
            else
            {
                var to = Math.Min(asked.To ?? long.MaxValue, body.Length - 1);
                headers += $"Content-Range: bytes {from}-{to}/{body.Length}\r\n";
                body = body[(int)from..(int)(to + 1)];
                status = "206";
            }
        }

        headers += reply.Endless ? "Connection: close\r\n" : $"Content-Length: {body.Length}\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 {status} X\r\n{headers}\r\n"), _stop.Token);
        var end = Math.Min(reply.CutAfter ?? body.Length, reply.StallAfter ?? body.Length);
        await stream.WriteAsync(body.AsMemory(0, Math.Min(end, body.Length)), _stop.Token);
        if (reply.StallAfter is not null)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }

        while (reply.Endless)
        {
            await stream.WriteAsync(new byte[4096], _stop.Token);
        }

        return reply.CutAfter is null;
    }
}
