using System.Text.Json;
using Torchyard.Platform.Text;

namespace Torchyard.Registry.Connections;

/// <summary>The answer of a server of tokens (distribution, docs/spec/auth/token.md, "Token Response Fields").</summary>
internal static class TokenAnswer
{
    private const int ShortestLife = 60;
    private const int LongestLife = 24 * 3600;

    /// <summary>Reads an answer; null when there is no token in it.</summary>
    /// <param name="content">The body, whatever type it says it has.</param>
    /// <param name="now">When it came.</param>
    internal static AccessToken? TryParse(ReadOnlyMemory<byte> content, DateTimeOffset now)
    {
        try
        {
            using var document = UnicodeJson.Parse(content, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || (Text(root, "token") ?? Text(root, "access_token")) is not { } token)
            {
                return null;
            }

            // It is a header's value: nothing in it may end the line.
            if (token.Any(character => character is <= ' ' or >= '\x7f'))
            {
                return null;
            }

            var life =
                root.TryGetProperty("expires_in", out var said)
                && said.ValueKind == JsonValueKind.Number
                && said.TryGetDouble(out var seconds)
                    ? seconds
                    : 0;
            // Some say none, or 0. The end comes earlier than it is said, so that a token does not end on its way.
            return new AccessToken(token, now.AddSeconds(Math.Clamp(life, ShortestLife, LongestLife) * 0.9));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;
}
