using Torchyard.Images.Oci;

namespace Torchyard.Registry.Credentials;

/// <summary>Under which keys a registry stands in files of logins: docker and podman, now and before, wrote different ones.</summary>
internal static class AuthKeys
{
    /// <summary>What docker calls its hub, also to helpers.</summary>
    internal const string HubAddress = "https://index.docker.io/v1/";

    /// <summary>A key without scheme, version of the protocol and final slash.</summary>
    internal static string Plain(string key)
    {
        var start = key.IndexOf("://", StringComparison.Ordinal);
        var plain = (start < 0 ? key : key[(start + 3)..]).TrimEnd('/');
        foreach (var version in new[] { "/v1", "/v2" })
        {
            plain = plain.EndsWith(version, StringComparison.Ordinal) ? plain[..^version.Length] : plain;
        }

        return plain;
    }

    /// <summary>Keys of a registry, best first.</summary>
    internal static IEnumerable<string> Of(string registry) =>
        registry == ImageName.Hub ? [registry, "index.docker.io", "registry-1.docker.io"] : [registry];

    /// <summary>Keys of a repository: podman has logins for a part of a registry, the longest path first.</summary>
    internal static IEnumerable<string> Of(string registry, string? repository)
    {
        for (var path = repository; path is not null; )
        {
            yield return $"{registry}/{path}";
            var slash = path.LastIndexOf('/');
            path = slash < 0 ? null : path[..slash];
        }

        foreach (var key in Of(registry))
        {
            yield return key;
        }
    }

    /// <summary>What helpers call a registry.</summary>
    internal static string ForHelper(string registry) => registry == ImageName.Hub ? HubAddress : registry;
}
