using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Torchyard.Testing.Loopback;

/// <summary>
/// Serves the repositories of a directory over http on loopback as git's own server does, git-http-backend(1), with filters as the large
/// hosts allow them.
/// </summary>
public sealed class GitServer : IAsyncDisposable
{
    private readonly HttpListener _listener;
    private readonly string _directory;
    private readonly Task _serving;

    public GitServer(string directory)
    {
        _directory = directory;
        _listener = LoopbackListener.Start(out var root);
        Root = root;

        _serving = ServeAsync();
    }

    public Uri Root { get; }

    /// <summary>Bytes of packs and answers that went out.</summary>
    public long Sent { get; private set; }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                await AnswerAsync(await _listener.GetContextAsync());
            }
        }
        catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    /// <summary>One request by the Common Gateway Interface (RFC 3875).</summary>
    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        var start = new ProcessStartInfo("git", ["-c", "uploadpack.allowFilter=true", "http-backend"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var variables = start.Environment;
        variables["GIT_PROJECT_ROOT"] = _directory;
        variables["GIT_HTTP_EXPORT_ALL"] = "1";
        variables["PATH_INFO"] = context.Request.Url!.AbsolutePath;
        variables["QUERY_STRING"] = context.Request.Url.Query.TrimStart('?');
        variables["REQUEST_METHOD"] = context.Request.HttpMethod;
        variables["CONTENT_TYPE"] = context.Request.ContentType ?? "";
        variables["CONTENT_LENGTH"] = body.Length.ToString(CultureInfo.InvariantCulture);
        variables["HTTP_CONTENT_ENCODING"] = context.Request.Headers["Content-Encoding"] ?? "";
        variables["GIT_PROTOCOL"] = context.Request.Headers["Git-Protocol"] ?? "";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(body.ToArray());
        process.StandardInput.Close();
        await reading;
        await errors;
        await process.WaitForExitAsync();

        var answer = output.ToArray();
        var end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        context.Response.StatusCode = 200;
        foreach (var line in Encoding.ASCII.GetString(answer, 0, Math.Max(end, 0)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (
                line[..line.IndexOf(':', StringComparison.Ordinal)],
                line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()
            );
            if (name == "Status")
            {
                context.Response.StatusCode = int.Parse(value[..3], CultureInfo.InvariantCulture);
            }
            else
            {
                context.Response.Headers[name] = value;
            }
        }

        Sent += answer.Length - end - 4;
        await context.Response.OutputStream.WriteAsync(answer.AsMemory(end + 4));
        context.Response.Close();
    }
}
