using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Wishes;

/// <summary>
/// Archives, indexes and hosts that the settings of the user and the machine name: apt's sources and logins, pip's configuration, netrc,
/// <c>TORCHYARD_*_MIRROR</c>. A recipe that names the same asks for nothing new.
/// </summary>
public sealed class OwnPlaces
{
    private readonly List<Uri> _archives = [];
    private readonly List<Uri> _indexes = [];
    private readonly List<Uri> _redist = [];
    private readonly List<string> _directories = [];
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads them.</summary>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="home">The user's home directory.</param>
    /// <param name="root">Root of the file system with the machine's settings; <c>/</c> but in tests.</param>
    public static OwnPlaces Read(Func<string, string?> environment, string home, string root = "/")
    {
        ArgumentNullException.ThrowIfNull(environment);
        var own = new OwnPlaces();
        var apt = MachineApt.Read(root, environment);
        own.Add(own._archives, apt.Sources.Select(source => source.Uri));
        own._hosts.UnionWith(apt.Credentials.Hosts);
        var pip = PipSettings.Read(environment, home, root);
        own.Add(own._indexes, pip.ExtraIndexUrls.Concat(pip.FindLinks).Append(pip.IndexUrl ?? ""));
        own._directories.AddRange(pip.FindLinks.Where(Directory.Exists).Select(path => RealPath.Of(Path.GetFullPath(path))));
        own._hosts.UnionWith(pip.TrustedHosts);
        own._hosts.UnionWith(IndexCredentials.Read(environment, home).Hosts);
        own.Add(own._redist, Words(environment("TORCHYARD_CUDNN_MIRROR")).Concat(Words(environment("TORCHYARD_CUDA_MIRROR"))));
        return own;
    }

    /// <summary>True for a mirror of Debian that nobody need be asked about.</summary>
    public bool HasArchive(Uri url) => PublicPlaces.IsDebian(url) || _archives.Exists(place => PublicPlaces.Covers(place, url));

    /// <summary>True for an index of Python packages that nobody need be asked about.</summary>
    public bool HasIndex(Uri url) => PublicPlaces.IsPython(url) || _indexes.Exists(place => PublicPlaces.Covers(place, url));

    /// <summary>True for a mirror of NVIDIA's archives that nobody need be asked about.</summary>
    public bool HasRedist(Uri url) => PublicPlaces.IsNvidia(url) || _redist.Exists(place => PublicPlaces.Covers(place, url));

    /// <summary>True for a file, by its real path, in a directory that pip's configuration names.</summary>
    public bool HasFile(string realPath) => _directories.Exists(directory => RealPath.IsWithin(realPath, directory));

    /// <summary>True for a host that the user's own settings name, so that credentials may be sent there.</summary>
    /// <param name="authority">Host, with its port where the URL has one.</param>
    public bool NamesHost(string authority)
    {
        ArgumentNullException.ThrowIfNull(authority);
        var port = authority.LastIndexOf(':');
        // netrc names hosts without ports; an IPv6 address ends with a bracket.
        return _hosts.Contains(authority) || (port > 0 && !authority.EndsWith(']') && _hosts.Contains(authority[..port]));
    }

    private void Add(List<Uri> places, IEnumerable<string> urls)
    {
        foreach (var text in urls)
        {
            if (UrlText.TryRead(text, out var url) && url.Scheme is "http" or "https" or "file")
            {
                places.Add(url);
                if (url.Host.Length > 0)
                {
                    // A place with a port is that port's alone.
                    _hosts.Add(url.IsDefaultPort ? url.Host : url.Authority);
                }
            }
        }
    }

    private static string[] Words(string? text) => text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
}
