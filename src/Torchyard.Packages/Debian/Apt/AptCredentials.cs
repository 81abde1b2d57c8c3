using System.Collections.Concurrent;
using System.Net;

namespace Torchyard.Packages.Debian.Apt;

/// <summary>
/// Logins for archives, from <c>auth.conf</c> and <c>auth.conf.d/*.conf</c> (apt_auth.conf(5), netrc format). As in apt, a machine without
/// a scheme is only given its password over https.
/// </summary>
internal sealed class AptCredentials
{
    private readonly List<(string? Scheme, string Host, int? Port, string Path, NetworkCredential Login)> _entries = [];
    private readonly ConcurrentDictionary<Uri, NetworkCredential> _own = new();

    /// <summary>Hosts that there are logins for, with the port where the file has one.</summary>
    public IEnumerable<string> Hosts => _entries.Select(entry => entry.Port is { } port ? $"{entry.Host}:{port}" : entry.Host);

    /// <summary>Adds the entries of a file. Words that are not understood are skipped, as apt does.</summary>
    public void Read(string text)
    {
        var words = text.Split('\n')
            .Select(line => line.StartsWith('#') ? "" : line)
            .SelectMany(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .ToList();
        string? machine = null;
        var login = "";
        var password = "";
        for (var i = 0; i + 1 < words.Count; i++)
        {
            switch (words[i])
            {
                case "machine":
                    Add(machine, login, password);
                    machine = words[++i];
                    login = password = "";
                    break;
                case "login":
                    login = words[++i];
                    break;
                case "password":
                    password = words[++i];
                    break;
            }
        }

        Add(machine, login, password);
    }

    /// <summary>
    /// Takes the login out of the address of an archive root: it is sent for what is below it, and is in no message, lock or record.
    /// </summary>
    /// <returns>The address without it.</returns>
    public Uri Take(Uri address)
    {
        if (LoginOf(address) is not { } login)
        {
            return address;
        }

        var root = new UriBuilder(address) { UserName = "", Password = "" }.Uri;
        _own[root] = login;
        return root;
    }

    /// <summary>The login for an address, or null. A login inside the address itself comes first.</summary>
    public NetworkCredential? For(Uri address)
    {
        if (LoginOf(address) is { } user)
        {
            return user;
        }

        foreach (var (root, own) in _own)
        {
            if (
                root.Scheme == address.Scheme
                && root.Authority.Equals(address.Authority, StringComparison.OrdinalIgnoreCase)
                && address.AbsolutePath.StartsWith(root.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal)
            )
            {
                return own;
            }
        }

        foreach (var (scheme, host, port, path, login) in _entries)
        {
            if (
                (scheme ?? "https") == address.Scheme
                && host.Equals(address.Host, StringComparison.OrdinalIgnoreCase)
                && (port is null || port == address.Port)
                && address.AbsolutePath.StartsWith(path, StringComparison.Ordinal)
            )
            {
                return login;
            }
        }

        return null;
    }

    private static NetworkCredential? LoginOf(Uri address)
    {
        var user = address.UserInfo;
        var colon = user.IndexOf(':', StringComparison.Ordinal);
        return user.Length == 0 ? null
            : colon < 0 ? new NetworkCredential(Uri.UnescapeDataString(user), "")
            : new NetworkCredential(Uri.UnescapeDataString(user[..colon]), Uri.UnescapeDataString(user[(colon + 1)..]));
    }

    private void Add(string? machine, string login, string password)
    {
        if (machine is null)
        {
            return;
        }

        var colon = machine.IndexOf("://", StringComparison.Ordinal);
        var scheme = colon < 0 ? null : machine[..colon].ToLowerInvariant();
        var rest = colon < 0 ? machine : machine[(colon + 3)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? rest : rest[..slash];
        var at = host.LastIndexOf(':');
        int? port = at > 0 && int.TryParse(host[(at + 1)..], out var number) ? number : null;
        _entries.Add(
            (scheme, port is null ? host : host[..at], port, slash < 0 ? "" : rest[slash..], new NetworkCredential(login, password))
        );
    }
}
