using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Settings;

/// <summary>
/// Finds the credential for an index, in pip's order: in the URL, in netrc, in a keyring file. A credential goes to the host (and port)
/// that it was given for and to no other, also after a redirect.
/// </summary>
public sealed class IndexCredentials
{
    private readonly Dictionary<string, HostCredential> _byAuthority = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyDictionary<string, HostCredential> _netrc;
    private readonly IReadOnlyDictionary<(string Section, string Key), string> _keyring;

    private IndexCredentials(
        IReadOnlyDictionary<string, HostCredential> netrc,
        IReadOnlyDictionary<(string Section, string Key), string> keyring
    )
    {
        _netrc = netrc;
        _keyring = keyring;
    }

    /// <summary>No credentials but those that URLs bring.</summary>
    public static IndexCredentials None() => new(new Dictionary<string, HostCredential>(), new Dictionary<(string, string), string>());

    /// <summary>
    /// Reads <c>$NETRC</c> or <c>~/.netrc</c>, and <c>keyring_pass.cfg</c>, the plain file of Python's keyring
    /// (keyrings.alt, PlaintextKeyring) below <c>python_keyring</c> of the user's data. Files that do not exist are not an error.
    /// </summary>
    public static IndexCredentials Read(Func<string, string?> environment, string home)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var netrc = environment("NETRC") is { Length: > 0 } named ? named : Path.Combine(home, ".netrc");
        var keyring = Path.Combine(BaseDirectories.Of(environment, home).Data, "python_keyring", "keyring_pass.cfg");
        return new IndexCredentials(
            File.Exists(netrc) ? NetrcFile.Parse(File.ReadAllText(netrc)) : new Dictionary<string, HostCredential>(),
            File.Exists(keyring) ? IniFile.Parse(File.ReadAllText(keyring), keepCase: true) : new Dictionary<(string, string), string>()
        );
    }

    /// <summary>Hosts that netrc has credentials for; its <c>default</c> names none.</summary>
    public IEnumerable<string> Hosts => _netrc.Keys.Where(host => host.Length > 0);

    /// <summary>
    /// Takes the credential out of a URL and keeps it for its host; returns the URL without it. Variables are replaced before
    /// (<see cref="CredentialVariables"/>), never here.
    /// </summary>
    /// <exception cref="TorchyardException">TY2537: it is not an address.</exception>
    public Uri Adopt(string url)
    {
        if (!UrlText.TryRead(url, out var uri))
        {
            // Behind the last '@', before which a password would be.
            throw new TorchyardException(
                "TY2537",
                $"'{VisibleText.Of(url[(url.LastIndexOf('@') + 1)..])}' is not the address of an index",
                "correct index-url or extra-index-url in pip.conf, PIP_INDEX_URL or PIP_EXTRA_INDEX_URL; an address begins with https://"
            );
        }

        if (uri.UserInfo.Length == 0)
        {
            return uri;
        }

        var parts = uri.UserInfo.Split(':', 2);
        var credential = new HostCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        lock (_byAuthority)
        {
            _byAuthority[uri.Authority] = credential;
        }

        return new UriBuilder(uri) { UserName = "", Password = "" }.Uri;
    }

    /// <summary>The credential for a URL, or null.</summary>
    internal HostCredential? Find(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        lock (_byAuthority)
        {
            if (_byAuthority.TryGetValue(uri.Authority, out var own) && own.Password.Length > 0)
            {
                return own;
            }

            if ((own is not null || uri.Scheme == Uri.UriSchemeHttps) && FromKeyring(uri, own?.User) is { } kept)
            {
                return kept;
            }

            return own ?? (_netrc.TryGetValue(uri.Host, out var entry) || _netrc.TryGetValue("", out entry) ? entry : null);
        }
    }

    private HostCredential? FromKeyring(Uri uri, string? user)
    {
        foreach (var service in new[] { uri.GetLeftPart(UriPartial.Path), uri.GetLeftPart(UriPartial.Authority), uri.Authority, uri.Host })
        {
            var section = Escape(service);
            foreach (var ((entrySection, key), value) in _keyring)
            {
                if (entrySection == section && (user is null || key == Escape(user)) && Decode(value) is { } password)
                {
                    return new HostCredential(user ?? Unescape(key), password);
                }
            }
        }

        return null;
    }

    private static string? Decode(string value)
    {
        var bytes = new byte[value.Length];
        return Convert.TryFromBase64String(value.Replace("\n", "", StringComparison.Ordinal), bytes, out var length)
            ? Encoding.UTF8.GetString(bytes, 0, length)
            : null;
    }

    /// <summary>keyrings.alt escapes everything but letters and digits as <c>_XX</c>, in upper-case hexadecimal.</summary>
    private static string Escape(string text)
    {
        var result = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            _ = char.IsAsciiLetterOrDigit((char)b) ? result.Append((char)b) : result.Append('_').Append(b.ToString("X2", null));
        }

        return result.ToString();
    }

    private static string Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (
                text[i] == '_'
                && i + 2 < text.Length
                && byte.TryParse(text.AsSpan(i + 1, 2), System.Globalization.NumberStyles.HexNumber, null, out var value)
            )
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                bytes.Add((byte)text[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
