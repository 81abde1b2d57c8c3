using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

/// <summary>
/// A page in a headless Chromium, driven over its debugging protocol (https://chromedevtools.github.io/devtools-protocol/).
/// </summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _browser;
    private readonly ClientWebSocket _socket = new();
    private int _last;

    private BrowserPage(Process browser) => _browser = browser;

    /// <summary>Opens a page.</summary>
    public static async Task<BrowserPage> OpenAsync(Uri address, string profile, CancellationToken cancellation)
    {
        var browser = HostProgram.Start(
            HostProgram.Require("chromium"),
            [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--window-size=1200,900",
                "--remote-debugging-port=0",
                $"--user-data-dir={profile}",
                "about:blank",
            ]
        );
        var page = new BrowserPage(browser);
        var server = await page.ServerAsync(cancellation);
        using var client = new HttpClient();
        var targets = JsonNode.Parse(await client.GetStringAsync(new Uri($"http://{server.Authority}/json"), cancellation))!.AsArray();
        var target = targets.First(target => (string?)target!["type"] == "page")!;
        await page._socket.ConnectAsync(new Uri((string)target["webSocketDebuggerUrl"]!), cancellation);
        await page.GoAsync(address, cancellation);
        return page;
    }

    /// <summary>Goes to another address.</summary>
    public Task GoAsync(Uri address, CancellationToken cancellation) =>
        AskAsync("Page.navigate", new JsonObject { ["url"] = address.AbsoluteUri }, cancellation);

    /// <summary>The value of a script; promises are waited for.</summary>
    public async Task<string> EvaluateAsync(string script, CancellationToken cancellation)
    {
        var answer = await AskAsync(
            "Runtime.evaluate",
            new JsonObject
            {
                ["expression"] = script,
                ["awaitPromise"] = true,
                ["returnByValue"] = true,
                ["userGesture"] = true,
            },
            cancellation
        );
        Assert.True(answer["exceptionDetails"] is null, answer.ToJsonString());
        return answer["result"]?["value"]?.ToString() ?? "";
    }

    /// <summary>Waits until a script gives something that is not empty.</summary>
    public async Task<string> ShowsAsync(string script, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Patience)
        {
            if (
                await EvaluateAsync(
                    $"(function () {{ try {{ return {script} || ''; }} catch (error) {{ return ''; }} }})()",
                    cancellation
                ) is
                { Length: > 0 } value
            )
            {
                return value;
            }

            await Task.Delay(50, cancellation);
        }

        Assert.Fail($"{script} never came true; the page has:\n{await EvaluateAsync("document.body.innerText", cancellation)}");
        return "";
    }

    /// <summary>Types text as a keyboard does.</summary>
    public async Task TypeAsync(string text, CancellationToken cancellation)
    {
        foreach (var character in text)
        {
            await AskAsync(
                "Input.dispatchKeyEvent",
                character == '\r'
                    ? new JsonObject
                    {
                        ["type"] = "keyDown",
                        ["key"] = "Enter",
                        ["code"] = "Enter",
                        ["text"] = "\r",
                        ["windowsVirtualKeyCode"] = 13,
                    }
                    : new JsonObject { ["type"] = "char", ["text"] = character.ToString() },
                cancellation
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _browser.Kill(entireProcessTree: true);
        await _browser.WaitForExitAsync(CancellationToken.None);
        _browser.Dispose();
    }

    private async Task<Uri> ServerAsync(CancellationToken cancellation)
    {
        const string Says = "DevTools listening on ";
        while (await _browser.StandardError.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith(Says, StringComparison.Ordinal))
            {
                // What it says later must not fill the pipe.
                _ = _browser.StandardError.ReadToEndAsync(CancellationToken.None);
                return new Uri(line[Says.Length..].Trim());
            }
        }

        Assert.Fail("chromium did not start");
        return null!;
    }

    private async Task<JsonObject> AskAsync(string method, JsonObject parameters, CancellationToken cancellation)
    {
        var id = ++_last;
        var request = new JsonObject
        {
            ["id"] = id,
            ["method"] = method,
            ["params"] = parameters,
        };
        await _socket.SendAsync(
            Encoding.UTF8.GetBytes(request.ToJsonString()),
            WebSocketMessageType.Text,
            endOfMessage: true,
            cancellation
        );
        while (true)
        {
            var answer = await ReadAsync(cancellation);
            if ((int?)answer["id"] == id)
            {
                Assert.True(answer["error"] is null, answer.ToJsonString());
                return answer["result"]!.AsObject();
            }
        }
    }

    private async Task<JsonObject> ReadAsync(CancellationToken cancellation)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            message.Write(buffer, 0, part.Count);
        } while (!part.EndOfMessage);
        return JsonNode.Parse(message.ToArray())!.AsObject();
    }
}
