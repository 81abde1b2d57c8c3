using Torchyard.Images.Tar;
using Torchyard.Recipes;

namespace Torchyard.Images.Deb;

/// <summary>What unpacking a package found: all that later steps need of it without opening it again.</summary>
internal sealed record UnpackedPackage
{
    public required LockedDebianPackage Package { get; init; }

    public required ControlParagraph Control { get; init; }

    /// <summary>Files of control.tar except <c>control</c>.</summary>
    public required SortedDictionary<string, ControlFile> ControlFiles { get; init; }

    /// <summary>Entries of data.tar in its order, names normalised and moved below usr/; empty when the layer came from the cache.</summary>
    public required IReadOnlyList<TarEntry> Entries { get; init; }

    /// <summary>Paths as the archive has them, for dpkg's list.</summary>
    public required IReadOnlyList<string> ListedPaths { get; init; }

    /// <summary>MD5 of each conffile by absolute path, as dpkg's status has it.</summary>
    public required IReadOnlyDictionary<string, string> ConffileHashes { get; init; }

    /// <summary>Name of the package's files below <c>var/lib/dpkg/info</c>: with <c>:arch</c> for Multi-Arch: same (dpkg's infodb format 1).</summary>
    public string InfoName => IsMultiArchSame(Control) ? $"{Package.Name}:{Package.Architecture}" : Package.Name;

    internal static bool IsMultiArchSame(ControlParagraph control) => control["Multi-Arch"] == "same";
}
