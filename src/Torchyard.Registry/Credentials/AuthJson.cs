using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Torchyard.Registry.Credentials;

/// <summary>What Torchyard writes of logins, in docker's format.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WrittenLogins))]
[JsonSerializable(typeof(HelperLogin))]
internal sealed partial class AuthJson : JsonSerializerContext
{
    /// <summary>A file of logins.</summary>
    internal static byte[] File(IReadOnlyDictionary<string, RegistryLogin> logins)
    {
        var written = new WrittenLogins();
        foreach (var (key, login) in logins)
        {
            written.Auths[key] = login.IsIdentityToken
                ? new WrittenLogin { IdentityToken = login.Secret }
                : new WrittenLogin { Auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{login.Secret}")) };
        }

        return JsonSerializer.SerializeToUtf8Bytes(written, Default.WrittenLogins);
    }

    /// <summary>What a helper gets to keep.</summary>
    internal static string HelperEntry(string registry, RegistryLogin login) =>
        JsonSerializer.Serialize(
            new HelperLogin
            {
                ServerURL = registry,
                Username = login.User,
                Secret = login.Secret,
            },
            Default.HelperLogin
        );
}

/// <summary>A file of logins. These are classes, since a record's text would have its secrets.</summary>
internal sealed class WrittenLogins
{
    [JsonPropertyName("auths")]
    public SortedDictionary<string, WrittenLogin> Auths { get; } = new(StringComparer.Ordinal);
}

/// <summary>One login in a file.</summary>
internal sealed class WrittenLogin
{
    [JsonPropertyName("auth")]
    public string? Auth { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }
}

/// <summary>One login for a helper.</summary>
internal sealed class HelperLogin
{
    public required string ServerURL { get; init; }

    public required string Username { get; init; }

    public required string Secret { get; init; }
}
