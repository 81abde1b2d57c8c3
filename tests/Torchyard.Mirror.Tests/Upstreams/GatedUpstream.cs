using System.Collections.Concurrent;
using System.Net;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Upstreams;

/// <summary>A registry of one blob, which sends its second half only when a test lets it.</summary>
internal sealed class GatedUpstream : IDisposable
{
    private readonly HttpListener _listener;
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _content;
    private readonly Uri _root;

    public GatedUpstream(byte[] content)
    {
        _content = content;
        _listener = LoopbackListener.Start(out _root);
        _ = ServeAsync();
    }

    public string Name => _root.Authority;

    /// <summary>It does not say how long the blob is.</summary>
    public bool IsChunked { get; init; }

    /// <summary>Requests for the blob, with their ranges.</summary>
    public ConcurrentQueue<string?> Asked { get; } = new();

    public void Open() => _gate.TrySetResult();

    public void Dispose()
    {
        Open();
        ((IDisposable)_listener).Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.GetContextAsync());
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // The test ended.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            if (context.Request.Url!.AbsolutePath != "/v2/")
            {
                Asked.Enqueue(context.Request.Headers["Range"]);
                if (IsChunked)
                {
                    context.Response.SendChunked = true;
                }
                else
                {
                    context.Response.ContentLength64 = _content.Length;
                }

                var half = _content.Length / 2;
                await context.Response.OutputStream.WriteAsync(_content.AsMemory(0, half));
                await context.Response.OutputStream.FlushAsync();
                await _gate.Task;
                await context.Response.OutputStream.WriteAsync(_content.AsMemory(half));
            }

            context.Response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // The mirror went away.
        }
    }
}
