using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Testing.Python;

namespace Torchyard.Testing.Loopback;

/// <summary>A package index on loopback with real small wheels, and with chosen faults.</summary>
public sealed class TestIndex : IAsyncDisposable
{
    private readonly HttpListener _listener;
    private readonly Dictionary<string, List<(string Filename, byte[] Content, string? Yanked)>> _projects = new(StringComparer.Ordinal);
    private readonly Task _serving;
    private readonly List<string> _asked = [];

    public TestIndex()
    {
        _listener = LoopbackListener.Start(out var root);
        Root = new Uri(root, "simple/");
        _serving = ServeAsync();
    }

    public Uri Root { get; }

    public bool Html { get; init; }

    /// <summary>Serves METADATA beside the wheels (PEP 658).</summary>
    public bool Metadata { get; init; } = true;

    public bool Ranges { get; init; } = true;

    public bool Hashes { get; init; } = true;

    /// <summary>Basic credential that every request needs.</summary>
    public string? Credential { get; init; }

    /// <summary>Answers every wheel with other bytes, a cut, or a redirect.</summary>
    public Func<HttpListenerContext, byte[], bool>? OnFile { get; init; }

    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    public long BytesServed { get; private set; }

    public TestIndex Add(TestWheel wheel, string project, string? yanked = null) => Add(project, wheel.FileName, wheel.Build(), yanked);

    public TestIndex Add(string project, string filename, byte[] content, string? yanked = null)
    {
        if (!_projects.TryGetValue(project, out var files))
        {
            _projects[project] = files = [];
        }

        files.Add((filename, content, yanked));
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        // A test that ends the index itself, to see what works without it, may do so inside an "await using".
        // Closed at once: after Stop, Close would listen at the port again for a moment, which somebody else may have by then.
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                answers.Add(Task.Run(() => Answer(context)));
            }
        }
        catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
        {
            await Task.WhenAll(answers);
        }
    }

    private void Answer(HttpListenerContext context)
    {
        try
        {
            var path = context.Request.Url!.AbsolutePath;
            lock (_asked)
            {
                _asked.Add(path);
            }

            if (
                Credential is not null
                && context.Request.Headers["Authorization"] != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Credential))
            )
            {
                context.Response.StatusCode = 401;
            }
            else if (
                path.StartsWith("/simple/", StringComparison.Ordinal)
                && _projects.TryGetValue(path["/simple/".Length..].TrimEnd('/'), out var files)
            )
            {
                Page(context, path["/simple/".Length..].TrimEnd('/'), files);
            }
            else if (path.StartsWith("/files/", StringComparison.Ordinal))
            {
                ServeFile(context, path["/files/".Length..]);
            }
            else
            {
                context.Response.StatusCode = 404;
            }

            context.Response.Close();
        }
        catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            // The client went away, or the fault under test cut the answer.
            context.Response.Abort();
        }
    }

    private void Page(HttpListenerContext context, string project, List<(string Filename, byte[] Content, string? Yanked)> files)
    {
        var text = new StringBuilder();
        if (Html)
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            text.Append("<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.0\"></head><body>\n");
            foreach (var (filename, content, yanked) in files)
            {
                var hash = Hashes ? "#sha256=" + Hex(content) : "";
                var metadata = Metadata && filename.EndsWith(".whl", StringComparison.Ordinal) ? " data-core-metadata=\"true\"" : "";
                text.Append(
                    $"<a href='../../files/{filename}{hash}'{metadata}{(yanked is null ? "" : $" data-yanked=\"{yanked}\"")} "
                        + $"data-requires-python=\"&gt;=3.8\">{filename}</a><br/>\n"
                );
            }

            text.Append("</body></html>");
        }
        else
        {
            context.Response.ContentType = "application/vnd.pypi.simple.v1+json";
            text.Append($"{{\"meta\":{{\"api-version\":\"1.1\"}},\"name\":\"{project}\",\"files\":[");
            text.AppendJoin(
                ',',
                files.Select(f =>
                    $"{{\"filename\":\"{f.Filename}\",\"url\":\"/files/{f.Filename}\",\"hashes\":"
                    + $"{{{(Hashes ? $"\"sha256\":\"{Hex(f.Content)}\"" : "")}}},"
                    + $"\"size\":{f.Content.Length},\"core-metadata\":"
                    + $"{(Metadata && f.Filename.EndsWith(".whl", StringComparison.Ordinal) ? "true" : "false")}"
                    + $"{(f.Yanked is null ? "" : $",\"yanked\":\"{f.Yanked}\"")}}}"
                )
            );
            text.Append("]}");
        }

        var page = Encoding.UTF8.GetBytes(text.ToString());
        var tag = $"\"{Hex(page)}\"";
        context.Response.Headers["ETag"] = tag;
        if (context.Request.Headers["If-None-Match"] == tag)
        {
            context.Response.StatusCode = 304;
            return;
        }

        Write(context, page);
    }

    private void ServeFile(HttpListenerContext context, string name)
    {
        var wantsMetadata = name.EndsWith(".metadata", StringComparison.Ordinal);
        var filename = wantsMetadata ? name[..^".metadata".Length] : name;
        var file = _projects.Values.SelectMany(f => f).FirstOrDefault(f => f.Filename == filename);
        if (file.Content is null || (wantsMetadata && !Metadata))
        {
            context.Response.StatusCode = 404;
            return;
        }

        if (wantsMetadata)
        {
            using var wheel = new ZipArchive(new MemoryStream(file.Content, writable: false));
            using var metadata = wheel
                .Entries.Single(entry =>
                    entry.FullName.EndsWith(".dist-info/METADATA", StringComparison.Ordinal) && entry.FullName.Count(c => c == '/') == 1
                )
                .Open();
            using var copy = new MemoryStream();
            metadata.CopyTo(copy);
            Write(context, copy.ToArray());
            return;
        }

        if (OnFile?.Invoke(context, file.Content) == true)
        {
            return;
        }

        var content = file.Content.AsSpan();
        if (Ranges && context.Request.Headers["Range"] is { } range && range.StartsWith("bytes=", StringComparison.Ordinal))
        {
            var parts = range["bytes=".Length..].Split('-');
            var from = parts[0].Length == 0 ? Math.Max(0, content.Length - int.Parse(parts[1], null)) : int.Parse(parts[0], null);
            var to =
                parts[0].Length == 0 || parts[1].Length == 0 ? content.Length - 1 : Math.Min(content.Length - 1, int.Parse(parts[1], null));
            context.Response.StatusCode = 206;
            context.Response.Headers["Content-Range"] = $"bytes {from}-{to}/{content.Length}";
            content = content[from..(to + 1)];
        }

        Write(context, content.ToArray());
    }

    private void Write(HttpListenerContext context, byte[] content)
    {
        BytesServed += content.Length;
        context.Response.ContentLength64 = content.Length;
        if (context.Request.HttpMethod != "HEAD")
        {
            context.Response.OutputStream.Write(content);
        }
    }

    private static string Hex(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
