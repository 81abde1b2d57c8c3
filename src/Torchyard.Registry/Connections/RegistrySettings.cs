using System.Net;
using Torchyard.Platform.Http;
using Torchyard.Registry.Credentials;

namespace Torchyard.Registry.Connections;

/// <summary>How registries are talked to.</summary>
public sealed record RegistrySettings
{
    /// <summary>Logins of the user.</summary>
    public required KnownLogins Logins { get; init; }

    /// <summary>Chooses proxies; null for none.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>Plain HTTP is allowed to any registry, not only to this machine's own.</summary>
    public bool PlainHttp { get; init; }

    /// <summary>
    /// Directories with a directory <c>HOST:PORT</c> for each registry that has authorities of its own, as docker and podman look for them.
    /// </summary>
    public IReadOnlyList<string> Authorities { get; init; } = ["/etc/docker/certs.d", "/etc/containers/certs.d"];

    /// <summary>Tries of one request.</summary>
    public RetryPolicy Retry { get; init; } = new() { Tries = 5, FirstPause = TimeSpan.FromMilliseconds(500) };

    /// <summary>Longest silence of a registry.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of one part of a large layer; several parts are fetched at once.</summary>
    public int PartSize { get; init; } = 8 << 20;

    /// <summary>Parts of all layers that are in memory at once.</summary>
    public int PartsAtOnce { get; init; } = 10;

    /// <summary>Layers at once.</summary>
    public int BlobsAtOnce { get; init; } = 4;

    /// <summary>Bytes of one part of a blob that a registry does not take whole. Some take no more than 4 MiB.</summary>
    public int SentPartSize { get; init; } = 4 << 20;
}
