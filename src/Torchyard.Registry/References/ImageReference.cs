using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.References;

/// <summary>An image in a registry: host, repository, and a tag, a digest, or both, with the defaults that docker has.</summary>
public sealed record ImageReference
{
    private ImageReference(string registry, string repository) => (Registry, Repository) = (registry, repository);

    /// <summary>The registry as people name it, with its port: <c>docker.io</c>, <c>localhost:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The path below it: <c>library/debian</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag; null where a digest alone is named.</summary>
    public string? Tag { get; private init; }

    /// <summary>The digest; null for none.</summary>
    public Digest? Digest { get; private init; }

    /// <summary>Registry and repository.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>The name that the image has in a store; null for one that is known by its digest alone.</summary>
    public string? StoreName => Tag is null ? null : $"{Name}:{Tag}";

    /// <summary>The path at whoever is asked: a mirror has the registry before it.</summary>
    public string AskedRepository
    {
        get => field ?? Repository;
        private init;
    }

    /// <summary>The same image, asked of a mirror.</summary>
    /// <param name="first">What the mirror has before the path.</param>
    public ImageReference Through(string first) =>
        new(Registry, Repository)
        {
            Tag = Tag,
            Digest = Digest,
            AskedRepository = $"{first}/{Repository}",
        };

    /// <summary>What the registry is asked for: the digest, else the tag.</summary>
    internal string Wanted => Digest?.ToString() ?? Tag!;

    /// <summary>Reads a reference: <c>debian</c>, <c>ghcr.io/team/train:1.0</c>, <c>name@sha256:…</c>, <c>name:tag@sha256:…</c>.</summary>
    /// <exception cref="TorchyardException">TY6001: it is not one.</exception>
    public static ImageReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains("://", StringComparison.Ordinal))
        {
            throw RegistryErrors.BadReference(text, "it is an address");
        }

        var at = text.IndexOf('@', StringComparison.Ordinal);
        var named = at < 0 ? text : text[..at];
        Digest? digest = null;
        if (at >= 0)
        {
            digest =
                text[(at + 1)..].StartsWith("sha256:", StringComparison.Ordinal)
                && Platform.Digests.Digest.TryParse(text[(at + 1)..], out var read)
                    ? read
                    : throw RegistryErrors.BadReference(text, "behind @ stands sha256: and 64 hexadecimal digits in lower case");
        }

        if (!ImageName.TryParse(named, out var name))
        {
            throw RegistryErrors.BadReference(text, "only the registry may have capitals, and a tag ends it");
        }

        var full = name.Full.Name;
        var slash = full.IndexOf('/', StringComparison.Ordinal);
        var registry = full[..slash];
        if (!IsHost(registry) || full[(slash + 1)..].Any(char.IsAsciiLetterUpper))
        {
            throw RegistryErrors.BadReference(text, $"{registry} is not a host");
        }

        var hasTag = named.LastIndexOf(':') > named.LastIndexOf('/');
        return new ImageReference(registry, full[(slash + 1)..]) { Tag = hasTag || digest is null ? name.Tag : null, Digest = digest };
    }

    /// <summary>Reads the name of a registry as <c>login</c> gets it; an address of it counts as well.</summary>
    /// <exception cref="TorchyardException">TY6001: it is not one.</exception>
    public static string ParseRegistry(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var name = text;
        foreach (var scheme in new[] { "https://", "http://" })
        {
            name = name.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? name[scheme.Length..] : name;
        }

        name = name.TrimEnd('/');
        // What docker calls its hub, in all of its files.
        if (name is "index.docker.io/v1" or "index.docker.io" or "registry-1.docker.io" or "docker.com" or "hub.docker.com")
        {
            return ImageName.Hub;
        }

        return IsHost(name) ? name : throw RegistryErrors.BadHost(text);
    }

    /// <inheritdoc />
    public override string ToString() => Name + (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    private static bool IsHost(string host) =>
        host.Length is > 0 and < 256
        && host.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or ':')
        && !host.Contains("..", StringComparison.Ordinal)
        && UrlText.TryRead($"https://{host}/", out var address)
        // An address leaves out the port that it has by itself.
        && (address.IsDefaultPort ? host[..^(host.EndsWith(":443", StringComparison.Ordinal) ? 4 : 0)] : host) is var named
        && address.Authority.Equals(named, StringComparison.OrdinalIgnoreCase);
}
