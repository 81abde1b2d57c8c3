using System.Net;
using System.Net.Sockets;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Connections;

/// <summary>
/// Where a registry sends those who want a token. A registry must not be able to have this machine, and the user's password, go to whatever
/// else is in its network: to the metadata service of a cloud, or to a service behind the firewall.
/// </summary>
internal static class TokenRealm
{
    private static readonly string[] InsideEndings = [".local", ".internal", ".localhost", ".lan", ".home.arpa"];

    /// <summary>The address of a realm, if this registry may send anybody there.</summary>
    /// <param name="registry">The registry, for messages.</param>
    /// <param name="root">Its address.</param>
    /// <param name="realm">What its challenge says.</param>
    /// <exception cref="TorchyardException">TY6007: it is not an address; TY6011: it leads where it may not.</exception>
    public static Uri Require(string registry, Uri root, string? realm)
    {
        if (!UrlText.TryRead(realm, out var address) || address.UserInfo.Length > 0)
        {
            throw RegistryErrors.NotARegistry(registry, "a request without a login", "it says no address where a token can be had");
        }

        Check(registry, root, address);
        return address;
    }

    /// <summary>Refuses an address that tokens are not asked for at: of a realm, or of where it redirects to.</summary>
    /// <exception cref="TorchyardException">TY6011.</exception>
    public static void Check(string registry, Uri root, Uri address)
    {
        var shown = address.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && root.Scheme == Uri.UriSchemeHttp))
        {
            throw RegistryErrors.BadRealm(registry, shown, "which is not https");
        }

        if (address.Host.Equals(root.Host, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        if (IsOfThisLink(address))
        {
            throw RegistryErrors.BadRealm(registry, shown, "where clouds keep what only this machine may know");
        }

        if (IsInside(address) && !IsInside(root))
        {
            throw RegistryErrors.BadRealm(registry, shown, "an address inside a private network");
        }
    }

    /// <summary>Refuses a connection that leads where a name does not say: a name of the public DNS may have an address inside.</summary>
    /// <param name="registry">The registry, for messages.</param>
    /// <param name="root">Its address.</param>
    /// <param name="host">The host that was asked for.</param>
    /// <param name="reached">Where the connection leads.</param>
    /// <param name="isInside">The registry itself was reached inside the private network.</param>
    /// <exception cref="TorchyardException">TY6011.</exception>
    public static void CheckReached(string registry, Uri root, string host, IPAddress reached, bool isInside)
    {
        if (host.Equals(root.Host, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        var plain = reached.IsIPv4MappedToIPv6 ? reached.MapToIPv4() : reached;
        if (IsOfThisLink(plain))
        {
            throw RegistryErrors.BadRealm(registry, host, $"which is {plain}, where clouds keep what only this machine may know");
        }

        if (IsInside(plain) && !isInside)
        {
            throw RegistryErrors.BadRealm(registry, host, $"which is {plain}, an address inside a private network");
        }
    }

    /// <summary>True for an address that only a private network has.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return IsInside(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }

    /// <summary>
    /// True for addresses of the link (RFC 3927, 4291), such as 169.254.169.254: no network has a server of tokens there.
    /// </summary>
    private static bool IsOfThisLink(Uri address) =>
        IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IsOfThisLink(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip);

    private static bool IsOfThisLink(IPAddress plain) => plain.IsIPv6LinkLocal || plain.GetAddressBytes() is [169, 254, _, _];

    /// <summary>
    /// True for what only a private network has: its addresses (RFC 1918, 3927, 4193, 6598), this machine, and names that the public DNS
    /// does not have.
    /// </summary>
    private static bool IsInside(Uri address)
    {
        if (!IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            return !address.Host.Contains('.', StringComparison.Ordinal)
                || InsideEndings.Any(end => address.Host.TrimEnd('.').EndsWith(end, StringComparison.OrdinalIgnoreCase));
        }

        return IsInside(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip);
    }

    private static bool IsInside(IPAddress ip)
    {
        if (IPAddress.IsLoopback(ip) || ip.IsIPv6LinkLocal || ip.IsIPv6UniqueLocal || ip.IsIPv6SiteLocal || ip.Equals(IPAddress.IPv6Any))
        {
            return true;
        }

        return ip.AddressFamily == AddressFamily.InterNetwork
            && ip.GetAddressBytes() is var bytes
            && bytes switch
            {
                [0 or 10 or 127, ..] => true,
                [100, >= 64 and < 128, ..] => true,
                [169, 254, ..] => true,
                [172, >= 16 and < 32, ..] => true,
                [192, 168, ..] => true,
                _ => false,
            };
    }
}
