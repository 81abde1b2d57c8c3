using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform;

namespace Torchyard.Packages.Python.Pip;

/// <summary>
/// The index that pip sees while it resolves: a small server on 127.0.0.1 that answers from the real indexes. So the rule of the first
/// index holds for pip too, no credential enters the sandbox, METADATA comes by PEP 658 or by ranges where pip alone would
/// load whole wheels, and every URL in pip's report says where its file is from. A random part of the path keeps other users out.
/// </summary>
internal sealed class LoopbackIndex : IAsyncDisposable
{
    private const int HeaderLimit = 32 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly PythonIndexes _indexes;
    private readonly WheelCache _cache;
    private readonly Dictionary<string, ProjectFile> _direct;
    private readonly SupportedTags? _tags;
    private readonly Task _accepting;
    private volatile TorchyardException? _failure;

    /// <summary>Starts serving.</summary>
    /// <param name="indexes">The real indexes.</param>
    /// <param name="cache">Fetches wheels whose METADATA cannot be had otherwise.</param>
    /// <param name="direct">Local wheels and wheels of direct URLs, by file name.</param>
    /// <param name="target">The interpreter: wheels that it does not take are left out of pages. Null for all wheels.</param>
    public LoopbackIndex(PythonIndexes indexes, WheelCache cache, IReadOnlyDictionary<string, ProjectFile> direct, InterpreterTarget? target = null)
    {
        _tags = target is null ? null : new SupportedTags(target);
        _indexes = indexes;
        _cache = cache;
        _direct = direct.ToDictionary(StringComparer.Ordinal);
        _listener.Start();
        Base = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/{_token}/");
        _accepting = AcceptAsync();
    }

    /// <summary>Root of everything that is served.</summary>
    public Uri Base { get; }

    /// <summary>Root for pip's <c>--index-url</c>.</summary>
    public Uri IndexUrl => new(Base, "simple/");

    /// <summary>The first failure of a real index; pip itself only sees a status.</summary>
    public TorchyardException? Failure => _failure;

    /// <summary>URL of a wheel of <c>direct</c>.</summary>
    public Uri DirectUrl(string filename) => new(Base, $"direct/{Uri.EscapeDataString(filename)}");

    /// <summary>Projects that only have other files than wheels, as pip asked for them, with an example.</summary>
    public Dictionary<string, string> WithoutWheels { get; } = new(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
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
                    var read = have < buffer.Length ? await stream.ReadAsync(buffer.AsMemory(have), _stop.Token) : 0;
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

                await AnswerAsync(stream, target, isHead: line[0] == "HEAD");
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // pip closed the connection, or the work is over.
        }
    }

    private async Task AnswerAsync(NetworkStream stream, string target, bool isHead)
    {
        int status;
        var type = "application/octet-stream";
        byte[] body = [];
        string? file = null;
        try
        {
            var parts = target.Split('?')[0].Trim('/').Split('/');
            if (parts[0] != _token)
            {
                status = 404;
            }
            else if (parts is [_, "simple", var project])
            {
                type = SimpleJson.MediaType;
                var page = await ProjectPageAsync(Uri.UnescapeDataString(project));
                (status, body) = page is null ? (404, []) : (200, page);
            }
            else if (await FindFileAsync(parts) is var (found, isMetadata))
            {
                status = 200;
                if (isMetadata)
                {
                    body = await MetadataAsync(found);
                    AskAhead(body);
                }
                else
                {
                    file = await FetchAsync(found);
                }
            }
            else
            {
                status = 404;
            }
        }
        catch (TorchyardException failed)
        {
            _failure ??= failed;
            // 403 is final for pip; on 5xx it would ask five times more, after Torchyard's own tries.
            status = 403;
        }

        var length = file is null ? body.Length : new FileInfo(file).Length;
        var header = string.Create(
            CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {(status == 200 ? "OK" : "No")}\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(header), _stop.Token);
        if (isHead)
        {
            return;
        }

        if (file is null)
        {
            await stream.WriteAsync(body, _stop.Token);
            return;
        }

        await using var content = File.OpenRead(file);
        await content.CopyToAsync(stream, _stop.Token);
    }

    private async Task<byte[]?> ProjectPageAsync(string name)
    {
        if (await _indexes.FindAsync(name, _stop.Token) is not { } found)
        {
            return null;
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("meta");
            json.WriteString("api-version", "1.1");
            json.WriteEndObject();
            json.WriteString("name", name);
            json.WriteStartArray("files");
            var any = false;
            foreach (var file in found.Page.Files)
            {
                if (WheelFileName.TryParse(file.Filename, out var wheel) && wheel.Name == name)
                {
                    any = true;
                    if ((_tags is null || _tags.Rank(wheel) is not null) && (IsCached(file) || _indexes.CanRead(file)))
                    {
                        WriteFile(json, name, file);
                    }
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
            if (!any && found.Page.Files.Count > 0)
            {
                lock (WithoutWheels)
                {
                    WithoutWheels[name] = found.Page.Files[^1].Filename;
                }
            }
        }

        return buffer.ToArray();
    }

    private void WriteFile(Utf8JsonWriter json, string name, ProjectFile file)
    {
        json.WriteStartObject();
        json.WriteString("filename", file.Filename);
        json.WriteString("url", new Uri(Base, $"files/{name}/{Uri.EscapeDataString(file.Filename)}").AbsoluteUri);
        json.WriteStartObject("hashes");
        if (file.Sha256 is { } hash)
        {
            json.WriteString("sha256", hash.Hex);
        }

        json.WriteEndObject();
        if (file.RequiresPython is { } python)
        {
            json.WriteString("requires-python", python);
        }

        if (file.Yanked is { } reason)
        {
            json.WriteString("yanked", reason.Length > 0 ? reason : "yanked");
        }

        json.WriteBoolean("core-metadata", true);
        json.WriteBoolean("dist-info-metadata", true);
        json.WriteEndObject();
    }

    private async Task<(ProjectFile File, bool IsMetadata)?> FindFileAsync(string[] parts)
    {
        const string Suffix = ".metadata";
        var filename = Uri.UnescapeDataString(parts[^1]);
        var isMetadata = filename.EndsWith(Suffix, StringComparison.Ordinal);
        filename = isMetadata ? filename[..^Suffix.Length] : filename;
        switch (parts)
        {
            case [_, "direct", _]:
                return _direct.TryGetValue(filename, out var direct) ? (direct, isMetadata) : null;
            case [_, "files", var project, _]:
                var found = await _indexes.FindAsync(Uri.UnescapeDataString(project), _stop.Token);
                return found?.Page.Files.FirstOrDefault(f => f.Filename == filename) is { } file ? (file, isMetadata) : null;
            default:
                return null;
        }
    }

    private async Task<byte[]> MetadataAsync(ProjectFile file)
    {
        if (!IsCached(file) && await _indexes.FindMetadataAsync(file, _stop.Token) is { } metadata)
        {
            return metadata;
        }

        try
        {
            return WheelArchive.ReadMetadata(new Zip.ZipFileSource(file.Url.IsFile ? file.Url.LocalPath : await FetchAsync(file)));
        }
        catch (InvalidDataException damaged)
        {
            throw WheelProblem.Damaged(file.Filename, damaged.Message, damaged);
        }
    }

    private bool IsCached(ProjectFile file) => file.Sha256 is { } hash && File.Exists(_cache.PathOf(hash));

    /// <summary>pip asks for one project at a time; what a distribution requires is asked for before pip comes to it.</summary>
    private void AskAhead(byte[] metadata)
    {
        WheelMetadata parsed;
        try
        {
            parsed = WheelMetadata.Parse(metadata);
        }
        catch (InvalidDataException)
        {
            // pip says what is wrong with it.
            return;
        }

        foreach (var line in parsed.RequiresDist)
        {
            if (Requirement.TryParse(line, out var requirement, out _) && requirement is { Url: null, Marker: null })
            {
                _ = _indexes.FindAsync(requirement.Name.Normal, _stop.Token);
            }
        }
    }

    private async Task<string> FetchAsync(ProjectFile file) => file.Url.IsFile
        ? file.Url.LocalPath
        : (await _cache.GetAsync(file.Url, file.Sha256, file.Size, SilentProgress.Instance, _stop.Token)).Path;
}
