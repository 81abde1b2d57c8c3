using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Runs a cell in a kernel: Jupyter messaging 5.3 in JSON over the WebSocket <c>/api/kernels/ID/channels</c>.</summary>
internal static class KernelClient
{
    /// <summary>Executes code and returns what it printed on standard output; fails on an error of the cell.</summary>
    /// <param name="server">Address of Jupyter.</param>
    /// <param name="kernel">Id of the kernel.</param>
    /// <param name="token">Jupyter's token.</param>
    /// <param name="code">The cell.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="certificate">The only certificate to accept, of a server that made its own.</param>
    public static async Task<string> ExecuteAsync(
        Uri server,
        string kernel,
        string token,
        string code,
        CancellationToken cancellation,
        X509Certificate2? certificate = null
    )
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "token " + token);
        if (certificate is not null)
        {
            socket.Options.RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Equals(shown);
        }

        await socket.ConnectAsync(
            new UriBuilder(server) { Scheme = server.Scheme == "https" ? "wss" : "ws", Path = $"/api/kernels/{kernel}/channels" }.Uri,
            cancellation
        );
        var id = Guid.NewGuid().ToString("N");
        await socket.SendAsync(Request(id, code), WebSocketMessageType.Text, endOfMessage: true, cancellation);
        var printed = new StringBuilder();
        while (true)
        {
            using var message = JsonDocument.Parse(await ReceiveAsync(socket, cancellation));
            var root = message.RootElement;
            if (!root.GetProperty("parent_header").TryGetProperty("msg_id", out var parent) || parent.GetString() != id)
            {
                continue;
            }

            var content = root.GetProperty("content");
            switch (root.GetProperty("header").GetProperty("msg_type").GetString())
            {
                case "stream" when content.GetProperty("name").GetString() == "stdout":
                    printed.Append(content.GetProperty("text").GetString());
                    break;
                case "error":
                    Assert.Fail($"the cell failed: {content}");
                    break;
                // The kernel is idle only after all output of the request (messaging, "status").
                case "status" when content.GetProperty("execution_state").GetString() == "idle":
                    return printed.ToString();
            }
        }
    }

    private static byte[] Request(string id, string code) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                channel = "shell",
                header = new
                {
                    msg_id = id,
                    msg_type = "execute_request",
                    username = "",
                    session = Guid.NewGuid().ToString("N"),
                    version = "5.3",
                    date = "",
                },
                parent_header = new { },
                metadata = new { },
                content = new
                {
                    code,
                    silent = false,
                    store_history = false,
                    user_expressions = new { },
                    allow_stdin = false,
                    stop_on_error = true,
                },
            }
        );

    private static async Task<string> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        using var whole = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, cancellation);
            Assert.NotEqual(WebSocketMessageType.Close, part.MessageType);
            whole.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(whole.ToArray());
            }
        }
    }
}
