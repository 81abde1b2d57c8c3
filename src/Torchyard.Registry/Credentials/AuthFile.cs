using System.Text;
using System.Text.Json;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Credentials;

/// <summary>
/// A file of logins in docker's format, which podman and others share (docker/cli, cli/config/configfile/file.go; containers/image,
/// docs/containers-auth.json.5.md).
/// </summary>
internal sealed class AuthFile
{
    private const int MostBytes = 4 << 20;
    private const int MostDepth = 16;

    private readonly Dictionary<string, RegistryLogin> _logins = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _helpers = new(StringComparer.Ordinal);

    private AuthFile(string path) => Path = path;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Helper of registries that have none of their own; null for none.</summary>
    public string? Store { get; private set; }

    /// <summary>Logins by key: a registry, with a path below it or without.</summary>
    public IReadOnlyDictionary<string, RegistryLogin> Logins => _logins;

    /// <summary>Helper of a registry; null for none.</summary>
    public string? HelperOf(string registry) =>
        AuthKeys.Of(registry).Select(key => _helpers.GetValueOrDefault(key)).FirstOrDefault(one => one is not null);

    /// <summary>Reads a file; null when there is none.</summary>
    /// <exception cref="TorchyardException">TY6012: it cannot be read.</exception>
    public static AuthFile? TryRead(string path)
    {
        byte[]? content;
        try
        {
            content = RegularFile.TryRead(path, MostBytes);
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            throw RegistryErrors.BadAuthFile(path, failure.Message.TrimEnd('.'));
        }

        return content is null ? null : Parse(path, content);
    }

    /// <summary>Reads the content of a file. What it says of a login is in no message.</summary>
    /// <exception cref="TorchyardException">TY6012: it is not such a file.</exception>
    internal static AuthFile Parse(string path, ReadOnlyMemory<byte> content)
    {
        var file = new AuthFile(path);
        if (content.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            return file;
        }

        try
        {
            using var document = UnicodeJson.Parse(content, new JsonDocumentOptions { MaxDepth = MostDepth });
            file.Read(document.RootElement);
            return file;
        }
        catch (JsonException failure)
        {
            throw RegistryErrors.BadAuthFile(
                path,
                $"line {(failure.LineNumber ?? 0) + 1} is not JSON" + (failure.LineNumber is null ? " of this kind" : "")
            );
        }
    }

    private void Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw RegistryErrors.BadAuthFile(Path, "it is not a JSON object");
        }

        Store = Text(root, "credsStore") is { Length: > 0 } store ? store : null;
        foreach (var helper in Members(root, "credHelpers"))
        {
            if (helper.Value.ValueKind == JsonValueKind.String && helper.Value.GetString() is { Length: > 0 } name)
            {
                _helpers[AuthKeys.Plain(helper.Name)] = name;
            }
        }

        foreach (var entry in Members(root, "auths").Where(entry => entry.Value.ValueKind == JsonValueKind.Object))
        {
            if (LoginOf(entry) is { } login)
            {
                _logins[AuthKeys.Plain(entry.Name)] = login;
            }
        }
    }

    private RegistryLogin? LoginOf(JsonProperty entry)
    {
        if (Text(entry.Value, "identitytoken") is { Length: > 0 } token)
        {
            return RegistryLogin.OfToken(token);
        }

        if (Text(entry.Value, "auth") is { Length: > 0 } auth)
        {
            var bytes = new byte[auth.Length];
            if (!Convert.TryFromBase64String(auth.Trim(), bytes, out var count))
            {
                throw RegistryErrors.BadAuthFile(Path, $"the login of {RegistryErrors.Shown(entry.Name)} is not Base64");
            }

            // Docker pads with zeros.
            var pair = Encoding.UTF8.GetString(bytes, 0, count).TrimEnd('\0');
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            return colon > 0
                ? new RegistryLogin(pair[..colon], pair[(colon + 1)..])
                : throw RegistryErrors.BadAuthFile(Path, $"the login of {RegistryErrors.Shown(entry.Name)} has no user");
        }

        return Text(entry.Value, "username") is { Length: > 0 } user && Text(entry.Value, "password") is { Length: > 0 } password
            ? new RegistryLogin(user, password)
            : null;
    }

    private static JsonElement.ObjectEnumerator Members(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : default;

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
