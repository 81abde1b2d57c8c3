using System.Net;

namespace Torchyard.Testing.Loopback;

/// <summary>Starts an HTTP listener on a free port of loopback; HttpListener cannot choose one itself.</summary>
public static class LoopbackListener
{
    public static HttpListener Start(out Uri root)
    {
        var listener = new HttpListener();
        for (var attempt = 0; ; attempt++)
        {
            root = new Uri($"http://127.0.0.1:{Random.Shared.Next(10000, 32000)}/");
            listener.Prefixes.Clear();
            listener.Prefixes.Add(root.AbsoluteUri);
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException) when (attempt < 50)
            {
                // The port is taken: another one.
            }
        }
    }
}
