using System.Net;
using System.Net.Http.Headers;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Registry.Credentials;

namespace Torchyard.Registry.Connections;

/// <summary>
/// Asks one registry: with the login that its challenge wants, which goes to nobody else, again where a failure may pass, and all requests
/// wait together when it asks to be left alone.
/// </summary>
public sealed class RegistryConnection : IDisposable
{
    private const string HubEndpoint = "registry-1.docker.io";

    private readonly Dictionary<string, AccessToken> _tokens = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _asking = new(1);
    private readonly Lock _gate = new();
    private readonly string? _repository;
    private readonly TokenClient _tokenClient;
    private Challenge? _challenge;
    private RegistryLogin? _login;
    private bool _hasLooked;
    private volatile bool _isInside;
    private DateTimeOffset _restUntil;

    private RegistryConnection(string registry, string? repository, Uri root, RegistrySettings settings, HttpSettings http)
    {
        (Registry, Root, Settings, _repository) = (registry, root, settings, repository);
        Http = new HttpSource(
            http with
            {
                Reached = (end, address) => _isInside |= end.Host == root.Host && TokenRealm.IsPrivate(address),
            }
        );
        _tokenClient = new TokenClient(
            registry,
            root,
            http with
            {
                Reached = (end, address) =>
                {
                    if (!IsProxy(end))
                    {
                        TokenRealm.CheckReached(registry, root, end.Host, address, _isInside);
                    }
                },
            }
        );
    }

    /// <summary>Its name, as people write it.</summary>
    public string Registry { get; }

    /// <summary>Its address: <c>https://…/v2/</c>.</summary>
    internal Uri Root { get; }

    internal RegistrySettings Settings { get; }

    internal HttpSource Http { get; }

    /// <summary>Who asks; null for anybody.</summary>
    internal string? User => _login?.User;

    /// <summary>Connects, and learns how the registry wants to be asked.</summary>
    /// <param name="registry">Its name.</param>
    /// <param name="repository">For which its logins are looked up; null for none.</param>
    /// <param name="settings">How.</param>
    /// <param name="login">The login to use in place of known ones; null for those.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6002, TY6013: it cannot be reached; TY6014: an authority cannot be read.</exception>
    public static async Task<RegistryConnection> OpenAsync(
        string registry,
        string? repository,
        RegistrySettings settings,
        RegistryLogin? login,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        var host = registry == ImageName.Hub ? HubEndpoint : registry;
        var http = new HttpSettings
        {
            Proxy = settings.Proxy,
            Certificates = RegistryAuthorities.Judge(settings.Authorities, registry),
            Silence = settings.Silence,
            Clock = settings.Retry.Clock,
            ConnectionsPerHost = 32,
        };
        var secure = new Uri($"https://{host}/v2/");
        if (secure.IsLoopback || settings.PlainHttp)
        {
            // Without a login in it, so that nothing is lost on the way; a server that wants TLS says so, or nothing.
            var plain = Make(new Uri($"http://{host}/v2/"));
            try
            {
                if (await plain.GreetAsync(isTrial: true, cancellation))
                {
                    return plain;
                }
            }
            catch (HttpFailureException failure)
            {
                if (!IsAnswer(failure) && !secure.IsLoopback)
                {
                    plain.Dispose();
                    throw RegistryRefusal.Of(plain, failure, "a greeting");
                }
            }

            plain.Dispose();
        }

        var connection = Make(secure);
        try
        {
            await connection.GreetAsync(isTrial: false, cancellation);
            return connection;
        }
        catch (HttpFailureException failure)
        {
            connection.Dispose();
            throw RegistryRefusal.Of(connection, failure, "a greeting");
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        RegistryConnection Make(Uri root) =>
            new(registry, repository, root, settings, http) { _login = login, _hasLooked = login is not null };

        static bool IsAnswer(HttpFailureException failure) =>
            failure.Status is not null
            || failure.InnerException
                is HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded };
    }

    /// <summary>The address of something in a repository.</summary>
    internal Uri At(string repository, string path) => UrlText.At(Root, $"{repository}/{path}");

    /// <summary>Asks, again where that may help.</summary>
    /// <returns>The answer, whatever its status.</returns>
    /// <exception cref="TorchyardException">TY6002, TY6005, TY6006: none came; TY6003, TY6007, TY6011: no token is given.</exception>
    internal async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendOnceAsync(request, cancellation);
            }
            catch (HttpFailureException failure) when (request.IsRepeatable && Settings.Retry.IsWorthAnother(attempt, failure))
            {
                await PauseAsync(attempt, failure, cancellation);
            }
            catch (HttpFailureException failure)
            {
                throw RegistryRefusal.Of(this, failure, request.What);
            }
        }
    }

    /// <summary>Asks once. A failure that may pass is an exception, every other answer is the answer.</summary>
    /// <exception cref="HttpFailureException">None came, or one that may be another in a moment.</exception>
    internal async Task<HttpResponseMessage> SendOnceAsync(RegistryRequest request, CancellationToken cancellation)
    {
        await RestAsync(cancellation);
        var authorization = await AuthorizationAsync(request, cancellation);
        var response = await AskAsync(request, authorization, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && IsOwn(response))
        {
            // A token that ended, or a registry that only now says that it wants one: once.
            var challenges = Challenge.Of(response);
            if (Choose(challenges) is { } challenge && await RenewAsync(request, challenge, authorization, cancellation) is { } renewed)
            {
                response.Dispose();
                response = await AskAsync(request, renewed, cancellation);
            }
        }

        if (HttpFailureException.Of(response, Settings.Retry.Clock) is { IsTransient: true } failure)
        {
            response.Dispose();
            throw failure;
        }

        return response;
    }

    /// <summary>Waits before another try, as long as the registry asks for, and lets everybody else wait as well.</summary>
    internal Task PauseAsync(int attempt, HttpFailureException failure, CancellationToken cancellation)
    {
        if (failure.RetryAfter is { } asked)
        {
            lock (_gate)
            {
                var until = Settings.Retry.Clock.GetUtcNow() + asked;
                _restUntil = until > _restUntil ? until : _restUntil;
            }
        }

        return Settings.Retry.PauseAsync(Root, attempt, failure, cancellation);
    }

    /// <summary>Proves the login that the connection was opened with.</summary>
    /// <returns>False when the registry asks nobody for a login.</returns>
    /// <exception cref="TorchyardException">TY6003: it is refused.</exception>
    public async Task<bool> ProveAsync(CancellationToken cancellation)
    {
        if (_challenge is null)
        {
            return false;
        }

        const string What = "the login";
        using var response = await SendAsync(new RegistryRequest(HttpMethod.Get, Root, What) { Scopes = [] }, cancellation);
        return response.IsSuccessStatusCode ? true : throw await RegistryRefusal.OfAsync(this, response, What, cancellation);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Http.Dispose();
        _tokenClient.Dispose();
        _asking.Dispose();
    }

    private async Task<bool> GreetAsync(bool isTrial, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var response = await Http.GetAsync(Root, null, cancellation);
                if (HttpFailureException.Of(response, Settings.Retry.Clock) is { IsTransient: true } failure)
                {
                    throw failure;
                }

                _challenge = response.StatusCode == HttpStatusCode.Unauthorized && IsOwn(response) ? Choose(Challenge.Of(response)) : null;
                // 400 is what servers say to those who come without TLS.
                return !isTrial || response.StatusCode != HttpStatusCode.BadRequest;
            }
            catch (HttpFailureException failure)
                when (Settings.Retry.IsWorthAnother(attempt, failure) && (failure.Status is not null || (!isTrial && attempt == 1)))
            {
                await PauseAsync(attempt, failure, cancellation);
            }
        }
    }

    private async Task<HttpResponseMessage> AskAsync(
        RegistryRequest request,
        AuthenticationHeaderValue? authorization,
        CancellationToken cancellation
    ) =>
        await Http.SendAsync(
            new HttpQuestion(request.Method, request.Address)
            {
                Content = request.Content,
                Prepare = message =>
                {
                    request.Prepare?.Invoke(message);
                    // Some compress what they store, and its digest is another then.
                    TokenClient.AsItIs(message);
                    if (TokenClient.IsSame(message.RequestUri!, Root))
                    {
                        message.Headers.Authorization = authorization;
                    }
                },
            },
            cancellation
        );

    private Task RestAsync(CancellationToken cancellation)
    {
        TimeSpan left;
        lock (_gate)
        {
            left = _restUntil - Settings.Retry.Clock.GetUtcNow();
        }

        return left > TimeSpan.Zero ? Task.Delay(left, Settings.Retry.Clock, cancellation) : Task.CompletedTask;
    }

    private async Task<AuthenticationHeaderValue?> AuthorizationAsync(RegistryRequest request, CancellationToken cancellation)
    {
        if (_challenge is not { } challenge)
        {
            return null;
        }

        await _asking.WaitAsync(cancellation);
        try
        {
            return await AuthorizeAsync(challenge, request, cancellation);
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>Another authorization than the one that was refused; null when there is none.</summary>
    private async Task<AuthenticationHeaderValue?> RenewAsync(
        RegistryRequest request,
        Challenge challenge,
        AuthenticationHeaderValue? refused,
        CancellationToken cancellation
    )
    {
        await _asking.WaitAsync(cancellation);
        try
        {
            // The first challenge stays: some name another realm for a token that ended, which does not know those who come without one.
            _challenge ??= challenge;
            var key = Key(request.Scopes);
            if (_tokens.GetValueOrDefault(key) is { } token && token.Value == refused?.Parameter)
            {
                _tokens.Remove(key);
            }

            var other = await AuthorizeAsync(_challenge, request, cancellation);
            return other is null || other.Parameter == refused?.Parameter ? null : other;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<AuthenticationHeaderValue?> AuthorizeAsync(
        Challenge challenge,
        RegistryRequest request,
        CancellationToken cancellation
    )
    {
        if (!_hasLooked)
        {
            _login = await Settings.Logins.FindAsync(Registry, _repository, cancellation);
            _hasLooked = true;
        }

        if (challenge.Scheme == "basic")
        {
            return _login is { IsIdentityToken: false } ? TokenClient.Basic(_login) : null;
        }

        var key = Key(request.Scopes);
        if (_tokens.GetValueOrDefault(key) is not { } token || token.Until <= Settings.Retry.Clock.GetUtcNow())
        {
            token = await _tokenClient.GetAsync(challenge, request.Scopes, _login, request.What, cancellation);
            _tokens[key] = token;
        }

        return new AuthenticationHeaderValue("Bearer", token.Value);
    }

    private static string Key(IReadOnlyList<string> scopes) => string.Join(' ', scopes);

    private static Challenge? Choose(IReadOnlyList<Challenge> challenges) =>
        challenges.FirstOrDefault(one => one.Scheme == "bearer") ?? challenges.FirstOrDefault(one => one.Scheme == "basic");

    // A proxy has an address inside by its nature, and looks up names itself.
    private bool IsProxy(DnsEndPoint end) =>
        Settings.Proxy is { } proxy && proxy.GetProxy(Root) is { } address && address.Host == end.Host && address.Port == end.Port;

    // The host that a registry redirects to may ask for logins of its own, which nobody has.
    private bool IsOwn(HttpResponseMessage response) =>
        response.RequestMessage?.RequestUri is { } address && TokenClient.IsSame(address, Root);
}
