using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Torchyard.Packages.Debian.Apt;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Fetching;

/// <summary>Opens addresses: http and https with keep-alive, proxy and logins as apt would use them, and <c>file:</c>.</summary>
internal sealed class Transport : IByteSource, IDisposable
{
    private readonly HttpSource _http;
    private readonly DownloadSettings _settings;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _hosts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes a transport.</summary>
    /// <param name="proxy">Chooses proxies, or null for none.</param>
    /// <param name="credentials">Logins of archives.</param>
    /// <param name="settings">Limits.</param>
    public Transport(IWebProxy? proxy, AptCredentials credentials, DownloadSettings settings)
    {
        _settings = settings;
        _http = new HttpSource(
            new HttpSettings
            {
                Proxy = proxy,
                Credential = credentials.For,
                Silence = settings.StallTimeout,
                ConnectionsPerHost = settings.PartsPerHost + 1,
            }
        );
    }

    /// <inheritdoc />
    public async Task<OpenSource> OpenAsync(Uri address, long offset, CancellationToken cancellation, long? last = null)
    {
        if (address.IsFile)
        {
            return OpenSource.OfFile(() => RegularFile.OpenRead(address.LocalPath), offset);
        }

        if (address.Scheme is not ("http" or "https"))
        {
            throw new HttpFailureException($"addresses of kind '{address.Scheme}:' are not supported", isTransient: false);
        }

        var host = last is null
            ? _hosts.GetOrAdd(address.Authority, _ => new SemaphoreSlim(_settings.PerHost))
            : _hosts.GetOrAdd("parts of " + address.Authority, _ => new SemaphoreSlim(_settings.PartsPerHost));
        await host.WaitAsync(cancellation);
        HttpResponseMessage? response = null;
        try
        {
            response = await _http.GetAsync(
                address,
                request => request.Headers.Range = offset > 0 || last is not null ? new RangeHeaderValue(offset, last) : null,
                cancellation
            );
            if (
                HttpFailureException.Of(response, TimeProvider.System) is
                { Status: not HttpStatusCode.RequestedRangeNotSatisfiable } refusal
            )
            {
                throw refusal;
            }

            return await OpenSource.OfAsync(_http, response, offset, last, () => host.Release(), cancellation);
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
    /// <exception cref="HttpFailureException">It cannot be had.</exception>
    public async Task<byte[]> GetSmallAsync(Uri address, int mostBytes, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await GetOnceAsync(address, mostBytes, cancellation);
            }
            catch (HttpFailureException failure) when (_settings.Retry.IsWorthAnother(attempt, failure))
            {
                await _settings.Retry.PauseAsync(address, attempt, failure, cancellation);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _http.Dispose();
        foreach (var host in _hosts.Values)
        {
            host.Dispose();
        }
    }

    private async Task<byte[]> GetOnceAsync(Uri address, int mostBytes, CancellationToken cancellation)
    {
        using var source = await OpenAsync(address, 0, cancellation);
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = await source.ReadAsync(buffer, cancellation)) > 0)
        {
            content.Write(buffer, 0, read);
            if (content.Length > mostBytes)
            {
                throw new HttpFailureException($"the answer is larger than {mostBytes} bytes", isTransient: false);
            }
        }

        return source.Total is { } total && total != content.Length
            ? throw new HttpFailureException("the answer was cut short", isTransient: true)
            : content.ToArray();
    }
}
