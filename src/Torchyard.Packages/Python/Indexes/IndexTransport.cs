using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Torchyard.Packages.Python.Settings;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>
/// HTTP as indexes need it: credentials per host, redirects followed here so that they can neither lead to plain HTTP nor carry a
/// credential to another host, retries with back-off, the machine's proxy and certificates.
/// </summary>
public sealed class IndexTransport : IDisposable
{
    private const int RedirectLimit = 10;

    private readonly HttpClient _client;
    private readonly PipSettings _settings;
    private readonly IndexCredentials _credentials;
    private readonly TimeProvider _time;

    /// <summary>Makes a transport with these settings.</summary>
    /// <param name="settings">The machine's pip settings.</param>
    /// <param name="credentials">Credentials of hosts.</param>
    /// <param name="time">Clock of the pauses between tries; null for the system's.</param>
    /// <param name="offline">Nothing is asked: every request is refused.</param>
    public IndexTransport(PipSettings settings, IndexCredentials credentials, TimeProvider? time = null, bool offline = false)
    {
        ArgumentNullException.ThrowIfNull(settings);
        IsOffline = offline;
        _settings = settings;
        _credentials = credentials;
        _time = time ?? TimeProvider.System;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Deflate | DecompressionMethods.Brotli,
            ConnectTimeout = TimeSpan.FromSeconds(settings.Timeout),
            MaxConnectionsPerServer = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
        };
        if (settings.Proxy is { } proxy)
        {
            handler.Proxy = new WebProxy(proxy.Contains("://", StringComparison.Ordinal) ? proxy : "http://" + proxy);
        }

        handler.SslOptions.RemoteCertificateValidationCallback = IsCertificateTrusted;
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("torchyard/0.1 (+pip-compatible)");
    }

    /// <summary>Credentials in use; URLs of the recipe bring theirs here.</summary>
    public IndexCredentials Credentials => _credentials;

    /// <summary>True when nothing may be asked.</summary>
    public bool IsOffline { get; }

    /// <summary>Gets a URL. The answer's body is not read yet; its status is 2xx, 304, 404, 410 or 416.</summary>
    /// <param name="url">Where; http only for loopback and trusted hosts.</param>
    /// <param name="prepare">Adds headers to each try of the request.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Torchyard.Platform.TorchyardException">TY2503 unreachable, TY2504 credential, TY2505 plain HTTP, TY2520 offline.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, Action<HttpRequestMessage>? prepare, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (IsOffline)
        {
            throw IndexProblem.Offline(url);
        }

        CheckScheme(url, url);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var response = await FollowAsync(url, prepare, cancellation);
                if ((int)response.StatusCode is not (>= 500 or 429) || attempt >= _settings.Retries)
                {
                    return Check(url, response);
                }

                response.Dispose();
            }
            catch (Exception failed) when (failed is HttpRequestException or IOException or TimeoutException && attempt >= _settings.Retries)
            {
                throw IndexProblem.Unreachable(url, Innermost(failed).Message, failed);
            }
            catch (Exception failed) when (failed is HttpRequestException or IOException or TimeoutException)
            {
                // Tried again below.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(250 << attempt, 5000)), _time, cancellation);
        }
    }

    /// <summary>The body of an answer. A read fails with <see cref="IOException"/> when nothing comes for as long as pip's timeout.</summary>
    public async Task<Stream> OpenBodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(response);
        return new DeadlineStream(await response.Content.ReadAsStreamAsync(cancellation), TimeSpan.FromSeconds(_settings.Timeout), _time);
    }

    /// <summary>Refuses what is neither https nor on loopback or a trusted host.</summary>
    /// <exception cref="Torchyard.Platform.TorchyardException">TY2505.</exception>
    public void RequireScheme(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        CheckScheme(url, url);
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> FollowAsync(Uri url, Action<HttpRequestMessage>? prepare, CancellationToken cancellation)
    {
        var current = url;
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, current);
            prepare?.Invoke(request);
            if (_credentials.Find(current) is { } credential)
            {
                var pair = Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}");
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair));
            }

            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(_settings.Timeout), _time);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
            HttpResponseMessage response;
            try
            {
                response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"no answer in {_settings.Timeout.ToString(CultureInfo.InvariantCulture)} s");
            }

            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            var next = new Uri(current, location);
            if (redirects == RedirectLimit)
            {
                throw IndexProblem.Unreachable(url, $"more than {RedirectLimit} redirects");
            }

            CheckScheme(next, url);
            if (current.Scheme == Uri.UriSchemeHttps && next.Scheme != Uri.UriSchemeHttps && !IsTrustedHost(next))
            {
                // Loopback may be plain HTTP when it is asked for, not when a server elsewhere sends us there.
                throw IndexProblem.Insecure(url, $"it redirects to {IndexProblem.Show(next)}, which is not https");
            }

            current = next;
        }
    }

    private static HttpResponseMessage Check(Uri url, HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        if (status is >= 200 and < 300 or 304 or 404 or 410 or 416)
        {
            return response;
        }

        var hadCredential = response.RequestMessage?.Headers.Authorization is not null;
        response.Dispose();
        throw status is 401 or 403 or 407
            ? IndexProblem.Denied(url, status, hadCredential)
            : IndexProblem.Unreachable(url, $"the server answers {status}");
    }

    private void CheckScheme(Uri url, Uri asked)
    {
        if (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && (url.IsLoopback || IsTrustedHost(url))))
        {
            return;
        }

        throw IndexProblem.Insecure(asked, url == asked
            ? "plain HTTP can be changed by anybody on the way"
            : $"it redirects to {IndexProblem.Show(url)}, which is not https");
    }

    private bool IsTrustedHost(Uri url) => _settings.TrustedHosts.Any(host =>
        host.Equals(url.Host, StringComparison.OrdinalIgnoreCase)
        || host.Equals($"{url.Host}:{url.Port}", StringComparison.OrdinalIgnoreCase));

    private bool IsCertificateTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        // SslStream names the host that the certificate was asked for.
        if (sender is SslStream stream && _settings.TrustedHosts.Any(h => h.Split(':')[0].Equals(stream.TargetHostName, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        if (_settings.Certificates is not { } bundle || certificate is not X509Certificate2 leaf || errors != SslPolicyErrors.RemoteCertificateChainErrors)
        {
            return false;
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.ImportFromPemFile(bundle);
        if (chain is not null)
        {
            foreach (var element in chain.ChainElements)
            {
                own.ChainPolicy.ExtraStore.Add(element.Certificate);
            }
        }

        return own.Build(leaf);
    }

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}
