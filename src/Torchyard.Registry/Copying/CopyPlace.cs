using Torchyard.Platform.Errors;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Copying;

/// <summary>Where an image is copied from or to, with skopeo's words (containers-transports(5)).</summary>
public sealed record CopyPlace
{
    private CopyPlace(CopyTransport transport, string text) => (Transport, Text) = (transport, text);

    /// <summary>What kind of place it is.</summary>
    public CopyTransport Transport { get; }

    /// <summary>As the user wrote it.</summary>
    public string Text { get; }

    /// <summary>Directory or file; empty for the others.</summary>
    public string Path { get; private init; } = "";

    /// <summary>Tag inside a directory or file, or the name that an engine or the store has; null for none.</summary>
    public string? Name { get; private init; }

    /// <summary>The image of a registry; null for the others.</summary>
    public ImageReference? Reference { get; private init; }

    /// <summary>Reads a place: <c>oci:DIR[:TAG]</c>, …; without a word in front it is a registry's image.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="fullPath">Makes a path absolute.</param>
    /// <exception cref="TorchyardException">TY6001, TY6020: it is not one.</exception>
    public static CopyPlace Parse(string text, Func<string, string> fullPath)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(fullPath);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var rest = text[(colon + 1)..];
        CopyTransport? known = (colon < 0 ? "" : text[..colon]) switch
        {
            "oci" => CopyTransport.Layout,
            "oci-archive" => CopyTransport.OciArchive,
            "docker-archive" => CopyTransport.DockerArchive,
            "docker-daemon" => CopyTransport.Docker,
            "containers-storage" => CopyTransport.Podman,
            "store" => CopyTransport.Store,
            _ => null,
        };
        switch (known)
        {
            case null:
                var name = text.StartsWith("docker://", StringComparison.Ordinal) ? text["docker://".Length..] : text;
                return new CopyPlace(CopyTransport.Registry, text) { Reference = ImageReference.Parse(name) };
            case CopyTransport.Docker or CopyTransport.Podman or CopyTransport.Store when rest.Length > 0:
                return new CopyPlace(known.Value, text) { Name = rest };
            case { } transport when rest.Length > 0 && !rest.StartsWith(':'):
                var behind = rest.IndexOf(':', StringComparison.Ordinal);
                return new CopyPlace(transport, text)
                {
                    Path = fullPath(behind < 0 ? rest : rest[..behind]),
                    Name = behind < 0 || behind == rest.Length - 1 ? null : rest[(behind + 1)..],
                };
            default:
                throw CopyErrors.BadPlace(text);
        }
    }

    /// <inheritdoc />
    public override string ToString() => Text;
}

/// <summary>Kinds of places.</summary>
public enum CopyTransport
{
    /// <summary>A registry.</summary>
    Registry,

    /// <summary>A directory with a layout of the OCI.</summary>
    Layout,

    /// <summary>The same in a tar archive.</summary>
    OciArchive,

    /// <summary>What <c>docker save</c> writes.</summary>
    DockerArchive,

    /// <summary>A running docker.</summary>
    Docker,

    /// <summary>Podman's storage.</summary>
    Podman,

    /// <summary>The store of this program.</summary>
    Store,
}
