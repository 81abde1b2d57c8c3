using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Torchyard.Packages.Debian.Apt;

namespace Torchyard.Packages.Fetching;

/// <summary>Opens addresses: http and https with keep-alive, proxy and logins as apt would use them, and <c>file:</c>.</summary>
internal sealed class Transport : IDisposable
{
    private readonly HttpClient _client;
    private readonly AptCredentials _credentials;
    private readonly DownloadSettings _settings;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _hosts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes a transport.</summary>
    /// <param name="proxy">Chooses proxies, or null for none.</param>
    /// <param name="credentials">Logins of archives.</param>
    /// <param name="settings">Limits.</param>
    public Transport(IWebProxy? proxy, AptCredentials credentials, DownloadSettings settings)
    {
        _credentials = credentials;
        _settings = settings;
        _client = new HttpClient(new SocketsHttpHandler
        {
            Proxy = proxy,
            UseProxy = proxy is not null,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            MaxConnectionsPerServer = settings.PerHost + 1,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("Torchyard/0.1");
    }

    /// <summary>Opens an address for reading.</summary>
    /// <param name="address">http, https or file.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="SourceFailure">The address has nothing to give, now or at all.</exception>
    public async Task<OpenSource> OpenAsync(Uri address, long offset, CancellationToken cancellation)
    {
        if (address.IsFile)
        {
            return OpenFile(address.LocalPath, offset);
        }

        if (address.Scheme is not ("http" or "https"))
        {
            throw new SourceFailure($"addresses of kind '{address.Scheme}:' are not supported", isTransient: false);
        }

        var host = _hosts.GetOrAdd(address.Authority, _ => new SemaphoreSlim(_settings.PerHost));
        await host.WaitAsync(cancellation);
        HttpResponseMessage? response = null;
        try
        {
            response = await SendAsync(address, offset, cancellation);
            var (start, total) = Place(response, offset);
            var body = await response.Content.ReadAsStreamAsync(cancellation);
            return new OpenSource(body, start, total, () =>
            {
                response.Dispose();
                host.Release();
            });
        }
        catch
        {
            response?.Dispose();
            host.Release();
            throw;
        }
    }

    /// <summary>Reads a small file whole, with tries again.</summary>
    /// <param name="address">Its address.</param>
    /// <param name="mostBytes">A longer answer is refused.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="SourceFailure">It cannot be had.</exception>
    public async Task<byte[]> GetSmallAsync(Uri address, int mostBytes, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await GetOnceAsync(address, mostBytes, cancellation);
            }
            catch (SourceFailure failure) when (failure.IsTransient && attempt < _settings.Tries)
            {
                await Task.Delay(_settings.BackOff * (1 << (attempt - 1)), cancellation);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _client.Dispose();
        foreach (var host in _hosts.Values)
        {
            host.Dispose();
        }
    }

    /// <summary>Reads with a limit on the server's silence.</summary>
    public async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellation)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(_settings.StallTimeout);
        try
        {
            return await body.ReadAsync(buffer, stall.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SourceFailure($"nothing came for {_settings.StallTimeout.TotalSeconds:0} s", isTransient: true);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new SourceFailure("the connection was cut", isTransient: true, inner: error);
        }
    }

    private async Task<byte[]> GetOnceAsync(Uri address, int mostBytes, CancellationToken cancellation)
    {
        using var source = await OpenAsync(address, 0, cancellation);
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await ReadAsync(source.Body, buffer, cancellation)) > 0)
        {
            content.Write(buffer, 0, read);
            if (content.Length > mostBytes)
            {
                throw new SourceFailure($"the answer is larger than {mostBytes} bytes", isTransient: false);
            }
        }

        return source.Total is { } total && total != content.Length
            ? throw new SourceFailure("the answer was cut short", isTransient: true)
            : content.ToArray();
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, long offset, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (offset > 0)
        {
            request.Headers.Range = new RangeHeaderValue(offset, null);
        }

        if (_credentials.For(address) is { } login)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.UserName}:{login.Password}")));
        }

        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(_settings.StallTimeout);
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SourceFailure($"no answer within {_settings.StallTimeout.TotalSeconds:0} s", isTransient: true);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new SourceFailure(error.InnerException?.Message ?? error.Message, isTransient: true, inner: error);
        }

        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return response;
        }

        var status = response.StatusCode;
        response.Dispose();
        throw new SourceFailure(
            status switch
            {
                HttpStatusCode.NotFound or HttpStatusCode.Gone => "the server does not have it (404)",
                HttpStatusCode.Unauthorized => "the server asks for a login (401)",
                HttpStatusCode.ProxyAuthenticationRequired => "the proxy asks for a login (407)",
                _ => $"the server answers {(int)status}",
            },
            isTransient: (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout,
            status);
    }

    private static (long Start, long? Total) Place(HttpResponseMessage response, long offset)
    {
        var headers = response.Content.Headers;
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent when offset > 0 && headers.ContentRange is { From: { } from } range && from == offset:
                return (from, range.Length ?? from + headers.ContentLength);
            case HttpStatusCode.OK:
                return (0, headers.ContentLength);
            default:
                throw new SourceFailure("the server cannot go on in the middle of the file", isTransient: false, response.StatusCode);
        }
    }

    private static OpenSource OpenFile(string path, long offset)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);
            var start = Math.Min(offset, stream.Length);
            stream.Seek(start, SeekOrigin.Begin);
            return new OpenSource(stream, start, stream.Length, stream.Dispose);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceFailure(error.Message, isTransient: false, HttpStatusCode.NotFound, error);
        }
    }
}

/// <summary>An address that answers.</summary>
/// <param name="body">The bytes from <paramref name="start"/> on.</param>
/// <param name="start">Offset of the first byte that comes; 0 when the server began anew.</param>
/// <param name="total">Size of the whole file, when the server says it.</param>
/// <param name="close">Lets go of the connection.</param>
internal sealed class OpenSource(Stream body, long start, long? total, Action close) : IDisposable
{
    /// <summary>The bytes from <see cref="Start"/> on.</summary>
    public Stream Body { get; } = body;

    /// <summary>Offset of the first byte.</summary>
    public long Start { get; } = start;

    /// <summary>Size of the whole file, when known.</summary>
    public long? Total { get; } = total;

    /// <inheritdoc />
    public void Dispose()
    {
        Body.Dispose();
        close();
    }
}
