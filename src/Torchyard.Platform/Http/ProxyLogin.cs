using System.Net;

namespace Torchyard.Platform.Http;

/// <summary>The login that the address of a proxy has in front of its host.</summary>
/// <param name="find">Gives the proxy of an address, with its login.</param>
public sealed class ProxyLogin(Func<Uri, Uri?> find) : ICredentials
{
    /// <inheritdoc />
    public NetworkCredential? GetCredential(Uri uri, string authType)
    {
        foreach (var scheme in new[] { "http", "https" })
        {
            if (find(new Uri($"{scheme}://archive.invalid/")) is { UserInfo.Length: > 0 } found)
            {
                var parts = found.UserInfo.Split(':', 2);
                return new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
            }
        }

        return null;
    }
}
