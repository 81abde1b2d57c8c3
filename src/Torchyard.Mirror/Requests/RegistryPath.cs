using System.Diagnostics.CodeAnalysis;

namespace Torchyard.Mirror.Requests;

/// <summary>
/// The path of a request, read from the bytes that were sent: what a server makes of <c>..</c>, double slashes and escapes never decides
/// which file is meant.
/// </summary>
/// <param name="Endpoint">What is asked for.</param>
/// <param name="Repository">The repository as it was sent; empty where there is none. It may be no name.</param>
/// <param name="Reference">Tag, digest or id as it was sent; empty where there is none. It may be none.</param>
internal readonly record struct RegistryPath(RegistryEndpoint Endpoint, string Repository, string Reference)
{
    private const string Prefix = "/v2/";
    private const int Longest = 2048;

    /// <summary>Reads the target of a request.</summary>
    /// <param name="target">As in the request line, without the query.</param>
    /// <returns>The path; <see cref="RegistryEndpoint.None"/> for one that is not a registry's.</returns>
    public static RegistryPath Parse(string target)
    {
        if (target.Length > Longest || !TryUnescape(target, out var path))
        {
            return default;
        }

        if (path is "/v2/" or "/v2")
        {
            return new RegistryPath(RegistryEndpoint.Base, "", "");
        }

        if (!path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return default;
        }

        var rest = path[Prefix.Length..];
        if (rest == "_catalog")
        {
            return new RegistryPath(RegistryEndpoint.Catalog, "", "");
        }

        if (rest.EndsWith("/tags/list", StringComparison.Ordinal))
        {
            return new RegistryPath(RegistryEndpoint.Tags, rest[..^"/tags/list".Length], "");
        }

        // The last one counts: "manifests" may be part of a name.
        var slash = rest.LastIndexOf('/');
        var (before, last) = slash < 0 ? ("", rest) : (rest[..slash], rest[(slash + 1)..]);
        return Behind(before, "/blobs/uploads") is { } uploads
                ? new RegistryPath(last.Length == 0 ? RegistryEndpoint.Uploads : RegistryEndpoint.Upload, uploads, last)
            : last == "uploads" && Behind(before, "/blobs") is { } bare ? new RegistryPath(RegistryEndpoint.Uploads, bare, "")
            : Behind(before, "/blobs") is { } blobs ? new RegistryPath(RegistryEndpoint.Blob, blobs, last)
            : Behind(before, "/manifests") is { } manifests ? new RegistryPath(RegistryEndpoint.Manifest, manifests, last)
            : Behind(before, "/referrers") is { } referrers ? new RegistryPath(RegistryEndpoint.Referrers, referrers, last)
            : default;
    }

    private static string? Behind(string path, string kind) => path.EndsWith(kind, StringComparison.Ordinal) ? path[..^kind.Length] : null;

    /// <summary>Undoes escapes, once. Characters that no name has are refused here already.</summary>
    private static bool TryUnescape(string target, [NotNullWhen(true)] out string? path)
    {
        path = null;
        Span<char> plain = stackalloc char[Longest];
        var length = 0;
        for (var at = 0; at < target.Length; at++)
        {
            var character = target[at];
            if (character == '%')
            {
                if (at + 2 >= target.Length || !char.IsAsciiHexDigit(target[at + 1]) || !char.IsAsciiHexDigit(target[at + 2]))
                {
                    return false;
                }

                character = (char)((HexValue(target[at + 1]) << 4) | HexValue(target[at + 2]));
                at += 2;
            }

            if (character is <= ' ' or >= '\x7f' or '\\' or '%')
            {
                return false;
            }

            plain[length++] = character;
        }

        path = new string(plain[..length]);
        return true;
    }

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
