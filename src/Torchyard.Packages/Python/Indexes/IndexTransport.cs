using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>
/// Asks indexes as pip does: its credentials per host, its proxy, certificates and trusted hosts, its tries; nothing but https, unless a
/// host is trusted.
/// </summary>
public sealed class IndexTransport : IDisposable
{
    private readonly HttpSource _http;
    private readonly PipSettings _settings;
    private readonly IndexCredentials _credentials;
    private readonly RetryPolicy _retry;

    /// <summary>Makes a transport with these settings.</summary>
    /// <param name="settings">The machine's pip settings.</param>
    /// <param name="credentials">Credentials of hosts.</param>
    /// <param name="time">Clock of the pauses between tries; null for the system's.</param>
    /// <param name="offline">Nothing is asked: every request is refused.</param>
    /// <param name="notes">Told of pauses that a server asks for; null for nobody.</param>
    public IndexTransport(
        PipSettings settings,
        IndexCredentials credentials,
        TimeProvider? time = null,
        bool offline = false,
        PauseNotes? notes = null
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        IsOffline = offline;
        _settings = settings;
        _credentials = credentials;
        var clock = time ?? TimeProvider.System;
        _retry = new RetryPolicy
        {
            Tries = settings.Retries + 1,
            Clock = clock,
            Notes = notes,
        };
        _http = new HttpSource(
            new HttpSettings
            {
                Proxy = settings.Proxy is { } proxy
                    ? new WebProxy(proxy.Contains("://", StringComparison.Ordinal) ? proxy : "http://" + proxy)
                    : HttpClient.DefaultProxy,
                Credential = address => _credentials.Find(address) is { } found ? new NetworkCredential(found.User, found.Password) : null,
                Permit = Permit,
                Certificates = IsCertificateTrusted,
                Decompression = DecompressionMethods.GZip | DecompressionMethods.Deflate | DecompressionMethods.Brotli,
                ConnectTimeout = TimeSpan.FromSeconds(settings.Timeout),
                Silence = TimeSpan.FromSeconds(settings.Timeout),
                Clock = clock,
            }
        );
    }

    /// <summary>Credentials in use; URLs of the recipe bring theirs here.</summary>
    public IndexCredentials Credentials => _credentials;

    /// <summary>Who asks.</summary>
    internal HttpSource Http => _http;

    /// <summary>True when nothing may be asked.</summary>
    public bool IsOffline { get; }

    /// <summary>Gets a URL. The answer's body is not read yet; its status is 2xx, 304, 404, 410 or 416.</summary>
    /// <param name="url">Where; http only for loopback and trusted hosts.</param>
    /// <param name="prepare">Adds headers to each try of the request.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2503 unreachable, TY2504 credential, TY2505 plain HTTP, TY2520
    /// offline.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, Action<HttpRequestMessage>? prepare, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (IsOffline)
        {
            throw IndexProblem.Offline(url);
        }

        CheckScheme(url, url);
        for (var attempt = 1; ; attempt++)
        {
            HttpFailureException? failure;
            try
            {
                var response = await _http.GetAsync(url, prepare, cancellation);
                failure = HttpFailureException.Of(response, _retry.Clock);
                if (failure is null || !_retry.IsWorthAnother(attempt, failure))
                {
                    return Check(url, response, failure);
                }

                response.Dispose();
            }
            catch (HttpFailureException failed)
            {
                failure = _retry.IsWorthAnother(attempt, failed) ? failed : throw IndexProblem.Unreachable(url, failed.Message, failed);
            }

            await _retry.PauseAsync(url, attempt, failure, cancellation);
        }
    }

    /// <summary>
    /// The body of an answer. A read fails with <see cref="IOException"/> when nothing comes for as long as pip's timeout.
    /// </summary>
    public Task<Stream> OpenBodyAsync(HttpResponseMessage response, CancellationToken cancellation) =>
        _http.OpenBodyAsync(response, cancellation);

    /// <summary>Refuses what is neither https nor on loopback or a trusted host.</summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2505.</exception>
    public void RequireScheme(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        CheckScheme(url, url);
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private void Permit(HttpRedirect redirect)
    {
        CheckScheme(redirect.To, redirect.Asked);
        if (redirect.From.Scheme == Uri.UriSchemeHttps && redirect.To.Scheme != Uri.UriSchemeHttps && !IsTrustedHost(redirect.To))
        {
            // Loopback may be plain HTTP when it is asked for, not when a server elsewhere sends us there.
            throw IndexProblem.Insecure(redirect.Asked, $"it redirects to {IndexProblem.Show(redirect.To)}, which is not https");
        }
    }

    private static HttpResponseMessage Check(Uri url, HttpResponseMessage response, HttpFailureException? failure)
    {
        var status = (int)response.StatusCode;
        if (failure is null || status is 404 or 410 or 416)
        {
            return response;
        }

        var hadCredential = response.RequestMessage?.Headers.Authorization is not null;
        response.Dispose();
        throw status is 401 or 403 or 407
            ? IndexProblem.Denied(url, status, hadCredential)
            : IndexProblem.Unreachable(url, failure.Message, failure);
    }

    private void CheckScheme(Uri url, Uri asked)
    {
        if (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && (url.IsLoopback || IsTrustedHost(url))))
        {
            return;
        }

        throw IndexProblem.Insecure(
            asked,
            url == asked
                ? "plain HTTP can be changed by anybody on the way"
                : $"it redirects to {IndexProblem.Show(url)}, which is not https"
        );
    }

    private bool IsTrustedHost(Uri url) =>
        _settings.TrustedHosts.Any(host =>
            host.Equals(url.Host, StringComparison.OrdinalIgnoreCase)
            || host.Equals($"{url.Host}:{url.Port}", StringComparison.OrdinalIgnoreCase)
        );

    private bool IsCertificateTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        // SslStream names the host that the certificate was asked for.
        if (
            sender is SslStream stream
            && _settings.TrustedHosts.Any(h => h.Split(':')[0].Equals(stream.TargetHostName, StringComparison.OrdinalIgnoreCase))
        )
        {
            return true;
        }

        if (_settings.Certificates is not { } bundle)
        {
            return false;
        }

        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(bundle);
        return PrivateRoots.Vouch(certificate, chain, errors, roots);
    }
}
