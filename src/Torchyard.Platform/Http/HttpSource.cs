#pragma warning disable RS0030 // The only place that asks servers: everything else goes through it.

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Http;

/// <summary>
/// Asks servers, for packages, indexes and whatever else is fetched. Redirects are followed here, so that they can neither leave the
/// protection of https nor carry a login to another host; a server that falls silent fails. One question is one try: see
/// <see cref="RetryPolicy"/>.
/// </summary>
public sealed class HttpSource : IDisposable
{
    private const int MostRedirects = 10;

    private readonly HttpClient _client;
    private readonly HttpSettings _settings;

    /// <summary>Makes one; nothing is asked yet.</summary>
    public HttpSource(HttpSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = settings.Decompression,
            ConnectTimeout = settings.ConnectTimeout,
            MaxConnectionsPerServer = settings.ConnectionsPerHost,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            Proxy = settings.Proxy,
            UseProxy = settings.Proxy is not null,
            UseCookies = false,
        };
        if (settings.Reached is { } reached)
        {
            handler.ConnectCallback = (context, cancellation) => ConnectAsync(context.DnsEndPoint, reached, cancellation);
        }

        if (settings.Certificates is { } judge)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = judge;
        }

        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        var version = Assembly.GetExecutingAssembly().GetName().Version ?? new Version(0, 0);
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("torchyard", version.ToString(2)));
    }

    /// <summary>Gets an address, whatever its status. The body is not read yet; see <see cref="OpenBodyAsync"/>.</summary>
    /// <param name="address">http or https.</param>
    /// <param name="prepare">Adds headers, to each request of a chain of redirects.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HttpFailureException">No answer came, or it leads where it may not.</exception>
    public Task<HttpResponseMessage> GetAsync(Uri address, Action<HttpRequestMessage>? prepare, CancellationToken cancellation) =>
        SendAsync(new HttpQuestion(HttpMethod.Get, address) { Prepare = prepare }, cancellation);

    /// <summary>
    /// Asks a server for anything. Only what changes nothing there follows redirects: whoever sends something decides where it goes.
    /// </summary>
    /// <param name="question">What is asked.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HttpFailureException">No answer came, or it leads where it may not.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpQuestion question, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(question);
        var address = question.Address;
        var current = address;
        for (var redirects = 0; ; redirects++)
        {
            var response = await SendOnceAsync(question, current, cancellation);
            if (
                !_settings.FollowsRedirects
                || (question.Method != HttpMethod.Get && question.Method != HttpMethod.Head)
                || (int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)
                || response.Headers.Location is not { } location
            )
            {
                return response;
            }

            response.Dispose();
            if (redirects == MostRedirects)
            {
                throw new HttpFailureException($"more than {MostRedirects} redirects", isTransient: false);
            }

            if (!UrlText.TryRead(current, location.OriginalString, out var next))
            {
                throw new HttpFailureException("it redirects to something that is not an address", isTransient: false);
            }

            _settings.Permit(new HttpRedirect(address, current, next));
            current = next;
        }
    }

    /// <summary>The body of an answer. A read fails with <see cref="IOException"/> when the server falls silent.</summary>
    public async Task<Stream> OpenBodyAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(response);
        return new DeadlineStream(await response.Content.ReadAsStreamAsync(cancellation), _settings.Silence, _settings.Clock);
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendOnceAsync(HttpQuestion question, Uri address, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(question.Method, address) { Content = question.Content?.Invoke() };
        question.Prepare?.Invoke(request);
        if (_settings.Credential(address) is { } login)
        {
            var pair = Encoding.UTF8.GetBytes($"{login.UserName}:{login.Password}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(pair));
        }

        using var silence = new CancellationTokenSource(_settings.Silence, _settings.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, silence.Token);
        if (request.Content is SentContent sent)
        {
            // A server says nothing while it takes what is sent, and may think about it afterwards.
            sent.Pulse = isWhole => silence.CancelAfter(isWhole ? _settings.SilenceAfterSending : _settings.Silence);
        }

        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (Exception error) when (silence.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new HttpFailureException($"no answer in {_settings.Silence.TotalSeconds:0} s", isTransient: true, inner: error);
        }
        catch (HttpRequestException error) when (error.InnerException is TorchyardException refused)
        {
            // What was reached may not be asked.
            throw new TorchyardException(refused.Code, refused.Message, refused.Cure, refused);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new HttpFailureException(Innermost(error).Message, isTransient: true, inner: error);
        }
    }

    private static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint end,
        Action<DnsEndPoint, IPAddress> reached,
        CancellationToken cancellation
    )
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(end, cancellation);
            reached(end, ((IPEndPoint)socket.RemoteEndPoint!).Address);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}
