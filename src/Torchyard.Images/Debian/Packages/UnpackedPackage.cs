using Torchyard.Images.Tar;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Packages;

/// <summary>What unpacking a package found: all that later steps need of it without opening it again.</summary>
internal sealed record UnpackedPackage
{
    public required LockedDebianPackage Package { get; init; }

    public required ControlParagraph Control { get; init; }

    /// <summary>Files of control.tar except <c>control</c>.</summary>
    public required SortedDictionary<string, ControlFile> ControlFiles { get; init; }

    /// <summary>
    /// Entries that the layer has of this package, in the order of data.tar, names normalised and moved below usr/; empty when the layer
    /// came from the cache.
    /// </summary>
    public required IReadOnlyList<TarEntry> Entries { get; init; }

    /// <summary>All entries of data.tar, whoever's file counts in the end; empty when the layer came from the cache.</summary>
    public required IReadOnlyList<ArchivedEntry> Archive { get; init; }

    /// <summary>
    /// Places that something else of the layer had; this package's entries of these places, and all below them, were put aside.
    /// </summary>
    public IReadOnlySet<string> Aside { get; init; } = new HashSet<string>();

    /// <summary>True when the package brought no <c>md5sums</c>, so that its sums were taken while it was unpacked.</summary>
    public bool HasTakenSums { get; init; }

    /// <summary>Paths as the archive has them, for dpkg's list.</summary>
    public required IReadOnlyList<string> ListedPaths { get; init; }

    /// <summary>MD5 of each conffile by absolute path, as dpkg's status has it.</summary>
    public required IReadOnlyDictionary<string, string> ConffileHashes { get; init; }

    /// <summary>
    /// Name of the package's files below <c>var/lib/dpkg/info</c>: with <c>:arch</c> for Multi-Arch: same (dpkg's infodb format 1).
    /// </summary>
    public string InfoName => IsMultiArchSame(Control) ? $"{Package.Name}:{Package.Architecture}" : Package.Name;

    internal static bool IsMultiArchSame(ControlParagraph control) => control["Multi-Arch"] == "same";
}

/// <summary>An entry of a package and how its archive names it, which is how dpkg's lists do.</summary>
/// <param name="Listed">Path without leading slash, as the archive has it.</param>
/// <param name="ListedTarget">Target of a hard link in the same form; else empty.</param>
/// <param name="Entry">The entry, with its place in a root with merged /usr.</param>
internal readonly record struct ArchivedEntry(string Listed, string ListedTarget, TarEntry Entry);
