using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Registry.Credentials;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Connections;

/// <summary>Gets tokens where a registry says that they are to be had (distribution, docs/spec/auth/token.md and oauth.md).</summary>
/// <param name="registry">The registry, for messages.</param>
/// <param name="root">Its address.</param>
/// <param name="settings">How servers are talked to.</param>
internal sealed class TokenClient(string registry, Uri root, HttpSettings settings) : IDisposable
{
    private const int MostBytes = 1 << 20;

    private readonly HttpSource _http = new(
        settings with
        {
            Permit = redirect =>
            {
                HttpRedirect.RefuseLessSafe(redirect);
                TokenRealm.Check(registry, root, redirect.To);
            },
        }
    );

    /// <summary>Asks for a token.</summary>
    /// <param name="challenge">What the registry said.</param>
    /// <param name="scopes">What it must allow.</param>
    /// <param name="login">Who asks; null for anybody.</param>
    /// <param name="what">What it is for, for people.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6003: it is refused; TY6007: the answer is not one; TY6011: the address is not one that
    /// tokens are asked for at.</exception>
    /// <exception cref="HttpFailureException">No answer came.</exception>
    public async Task<AccessToken> GetAsync(
        Challenge challenge,
        IReadOnlyList<string> scopes,
        RegistryLogin? login,
        string what,
        CancellationToken cancellation
    )
    {
        var realm = TokenRealm.Require(registry, root, challenge["realm"]);
        var question = login is { IsRefreshToken: true } ? Form(realm, challenge, scopes, login) : Query(realm, challenge, scopes, login);
        using var response = await _http.SendAsync(question, cancellation);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            throw RegistryErrors.Denied(registry, what, $"{(int)response.StatusCode} from {realm.Authority}", login?.User);
        }

        if (HttpFailureException.Of(response, settings.Clock) is { } failure)
        {
            throw failure;
        }

        var content = await SmallBody.ReadAsync(_http, response, MostBytes, cancellation);
        return (content is null ? null : TokenAnswer.TryParse(content, settings.Clock.GetUtcNow()))
            ?? throw RegistryErrors.NotARegistry(registry, what, $"{realm.Authority} gives no token");
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static HttpQuestion Query(Uri realm, Challenge challenge, IReadOnlyList<string> scopes, RegistryLogin? login)
    {
        var parameters = new List<(string Name, string Value)>();
        if (challenge["service"] is { } service)
        {
            parameters.Add(("service", service));
        }

        // One parameter for each: some servers read no more than that.
        parameters.AddRange(scopes.Select(scope => ("scope", scope)));
        if (login is not null)
        {
            parameters.Add(("account", login.User));
        }

        var address = new UriBuilder(realm);
        var own = address.Query.TrimStart('?');
        var added = string.Join('&', parameters.Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        address.Query = own.Length > 0 && added.Length > 0 ? $"{own}&{added}" : own + added;
        return new HttpQuestion(HttpMethod.Get, address.Uri)
        {
            Prepare = request =>
            {
                AsItIs(request);
                // A redirect to another host gets no password.
                if (login is not null && IsSame(request.RequestUri!, realm))
                {
                    request.Headers.Authorization = Basic(login);
                }
            },
        };
    }

    private static HttpQuestion Form(Uri realm, Challenge challenge, IReadOnlyList<string> scopes, RegistryLogin login)
    {
        var fields = new List<KeyValuePair<string, string>>
        {
            new("grant_type", "refresh_token"),
            new("refresh_token", login.Secret),
            new("client_id", "torchyard"),
        };
        if (challenge["service"] is { } service)
        {
            fields.Add(new("service", service));
        }

        if (scopes.Count > 0)
        {
            fields.Add(new("scope", string.Join(' ', scopes)));
        }

        return new HttpQuestion(HttpMethod.Post, realm) { Content = () => new FormUrlEncodedContent(fields), Prepare = AsItIs };
    }

    /// <summary>Asks for an answer without compression, which some servers apply unasked (quay/quay#1310).</summary>
    internal static void AsItIs(HttpRequestMessage request) => request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");

    internal static AuthenticationHeaderValue Basic(RegistryLogin login) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{login.Secret}")));

    /// <summary>True for addresses of the same server.</summary>
    internal static bool IsSame(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.Port == other.Port && one.Host.Equals(other.Host, StringComparison.OrdinalIgnoreCase);
}
