using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Program;

/// <summary>What becomes of one answer of a <see cref="FaultyMirror"/>.</summary>
internal sealed record Fault
{
    /// <summary>The answer as it is.</summary>
    public static readonly Fault None = new();

    /// <summary>One bit in the middle of the file is another.</summary>
    public bool Flip { get; init; }

    /// <summary>The connection ends after so many bytes of the file.</summary>
    public int? CutAt { get; init; }

    /// <summary>
    /// Nothing more comes after so many bytes of the file, until the mirror is disposed; <see cref="FaultyMirror.Stalled"/> tells.
    /// </summary>
    public int? StallAt { get; init; }
}

/// <summary>A mirror of Debian's archive on loopback, which passes requests on and spoils answers as a test says.</summary>
internal sealed class FaultyMirror : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _upstream = new() { BaseAddress = new Uri("http://deb.debian.org/") };
    private readonly Func<string, int, Fault> _fault;
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task<byte[]?>> _files = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts it.</summary>
    /// <param name="fault">Gets the path, and how often it was asked for before.</param>
    public FaultyMirror(Func<string, int, Fault> fault)
    {
        _fault = fault;
        Root = $"http://127.0.0.1:{LoopbackPort.Free().ToString(CultureInfo.InvariantCulture)}/";
        _listener.Prefixes.Add(Root);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Root of the server; <c>debian</c> and <c>debian-security</c> are below it.</summary>
    public string Root { get; }

    /// <summary>Paths asked for with the first byte wanted, in order.</summary>
    public ConcurrentQueue<(string Path, long From)> Requests { get; } = new();

    /// <summary>Released whenever an answer stalls.</summary>
    public SemaphoreSlim Stalled { get; } = new(0);

    /// <summary>Lines for the <c>[base]</c> table of a recipe that is to use this mirror.</summary>
    public string Mirrors => $"mirrors = [\"{Root}debian\", \"{Root}debian-security\"]";

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Close();
        _upstream.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.GetContextAsync());
            }
        }
        catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // The test ended.
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        var path = context.Request.RawUrl!;
        var from = context.Request.Headers["Range"] is { } range
            ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture)
            : 0;
        Requests.Enqueue((path, from));
        try
        {
            if (await _files.GetOrAdd(path, FetchAsync) is not { } whole)
            {
                context.Response.StatusCode = (int)HttpStatusCode.NotFound;
                context.Response.Close();
                return;
            }

            await SendAsync(context.Response, whole, (int)from, _fault(path, _asked.AddOrUpdate(path, 0, (_, times) => times + 1)));
        }
        catch (Exception failure)
            when (failure is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client went away, or the test ended.
        }
    }

    private async Task SendAsync(HttpListenerResponse response, byte[] whole, int from, Fault fault)
    {
        if (fault.Flip)
        {
            whole = (byte[])whole.Clone();
            whole[whole.Length / 2] ^= 4;
        }

        response.ContentLength64 = whole.Length - from;
        if (from > 0)
        {
            response.StatusCode = (int)HttpStatusCode.PartialContent;
            response.Headers["Content-Range"] = $"bytes {from}-{whole.Length - 1}/{whole.Length}";
        }

        var end = Math.Min(fault.CutAt ?? fault.StallAt ?? whole.Length, whole.Length);
        await response.OutputStream.WriteAsync(whole.AsMemory(from, Math.Max(0, end - from)), _stop.Token);
        await response.OutputStream.FlushAsync(_stop.Token);
        if (fault.StallAt is not null)
        {
            Stalled.Release();
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }

        if (end < whole.Length)
        {
            response.Abort();
        }
        else
        {
            response.Close();
        }
    }

    private async Task<byte[]?> FetchAsync(string path)
    {
        using var answer = await _upstream.GetAsync(new Uri(path, UriKind.Relative), _stop.Token);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsByteArrayAsync(_stop.Token) : null;
    }
}
