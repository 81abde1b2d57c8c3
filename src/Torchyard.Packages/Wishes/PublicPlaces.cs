using System.Text.RegularExpressions;

namespace Torchyard.Packages.Wishes;

/// <summary>Where packages come from unless somebody says otherwise: nobody is asked about these.</summary>
internal static partial class PublicPlaces
{
    // Debian's archives are signed, so it does not matter who answers for them.
    private static readonly string[] Debian = ["deb.debian.org", "security.debian.org", "snapshot.debian.org", "archive.debian.org"];

    // PyPI and its files; the builds of PyTorch and of NVIDIA, which the fit chooses from.
    private static readonly Uri[] Python =
    [
        new("https://pypi.org/simple/"),
        new("https://files.pythonhosted.org/"),
        new("https://download.pytorch.org/"),
        new("https://pypi.nvidia.com/"),
    ];

    // NVIDIA's redistributable archives.
    private static readonly Uri[] Nvidia = [new("https://developer.download.nvidia.com/compute/")];

    /// <summary>True for Debian's own archives.</summary>
    public static bool IsDebian(Uri url) =>
        url.Scheme is "http" or "https"
        && url.IsDefaultPort
        && (Debian.Contains(url.Host, StringComparer.OrdinalIgnoreCase) || Mirror().IsMatch(url.Host));

    /// <summary>True for public indexes of Python packages and their files.</summary>
    public static bool IsPython(Uri url) => Array.Exists(Python, place => Covers(place, url));

    /// <summary>True for NVIDIA's archives.</summary>
    public static bool IsNvidia(Uri url) => Array.Exists(Nvidia, place => Covers(place, url));

    /// <summary>
    /// True when a URL is a place or below it. The form of both is that of <see cref="Uri"/>, which has no '..' any more.
    /// </summary>
    public static bool Covers(Uri place, Uri url) =>
        place.Scheme == url.Scheme
        && place.Port == url.Port
        && place.Host.Equals(url.Host, StringComparison.OrdinalIgnoreCase)
        && (url.AbsolutePath + "/").StartsWith(place.AbsolutePath.TrimEnd('/') + "/", StringComparison.Ordinal);

    [GeneratedRegex(@"\Aftp\.[a-z]{2}\.debian\.org\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Mirror();
}
