using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Mirror.Access;

/// <summary>Tells who asks, by the token in the header: as a bearer's, or as the password of any user.</summary>
/// <param name="options">Where the tokens are.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">Told when the tokens cannot be read.</param>
internal sealed class Logins(MirrorOptions options, TimeProvider clock, Action<string> log)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private IReadOnlyList<MirrorToken> _tokens = [];
    private long? _readAt;

    /// <summary>What a request may.</summary>
    /// <param name="authorization">Its header; null for none.</param>
    /// <returns>Null when there is a token, and it is a wrong one.</returns>
    public Rights? Of(string? authorization)
    {
        if (SecretOf(authorization) is not { } secret)
        {
            return new Rights(options.Anonymous, null);
        }

        return MirrorTokens.Find(Tokens(), secret) is { } token ? new Rights(options.Anonymous, token) : null;
    }

    /// <summary>The secret in a header; null where there is none, as in what podman sends for nobody.</summary>
    internal static string? SecretOf(string? authorization)
    {
        const string Basic = "Basic ";
        const string Bearer = "Bearer ";
        if (authorization is null)
        {
            return null;
        }

        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return authorization[Bearer.Length..].Trim();
        }

        if (!authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return authorization;
        }

        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[Basic.Length..].Trim(), bytes, out var length))
        {
            return authorization;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return text == ":" ? null
            : colon < 0 ? text
            : text[(colon + 1)..];
    }

    // A token that is taken away ends within a second.
    private IReadOnlyList<MirrorToken> Tokens()
    {
        lock (_gate)
        {
            if (_readAt is { } before && clock.GetElapsedTime(before) < Fresh)
            {
                return _tokens;
            }

            _readAt = clock.GetTimestamp();
            try
            {
                _tokens = MirrorTokens.Read(options.Tokens);
            }
            catch (TorchyardException failure)
            {
                log(failure.Message);
                _tokens = [];
            }

            return _tokens;
        }
    }
}
