using System.Security.Cryptography;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Packages;

/// <summary>
/// Puts the entries of one package into a layer. Where another package of the layer, perhaps being unpacked at the same time, has the place
/// already, the entry is put aside with all that is below it. Names of one file stay names of one inode wherever they lie, so that which
/// name counts in the end can be decided afterwards without reading anything again.
/// </summary>
/// <param name="label">What messages call the package.</param>
/// <param name="root">The layer.</param>
/// <param name="aside">Directory for what finds its place taken; made when it is needed.</param>
internal sealed class PackagePlaces(string label, RootDirectory root, string aside) : IDisposable
{
    // Files, links and devices of the package so far, by place: how its archive names them.
    private readonly Dictionary<string, (string Listed, TarKind Kind)> _own = new(StringComparer.Ordinal);
    private readonly HashSet<string> _aside = new(StringComparer.Ordinal);
    private RootDirectory? _asideRoot;

    /// <summary>Places that were taken.</summary>
    internal IReadOnlySet<string> Aside => _aside;

    /// <summary>
    /// Writes an entry. Of two entries of one name the later one counts, as with dpkg, but a symbolic link before anything else: dpkg
    /// unpacks these last (lib/dpkg/tarfn.c, tar_extractor). Under two names of one directory dpkg fails.
    /// </summary>
    /// <param name="archived">The entry.</param>
    /// <param name="reader">Gives its content.</param>
    /// <param name="hash">Takes its content, too.</param>
    /// <param name="repeats">True when it takes the place of an entry that the package had before under the same name.</param>
    /// <returns>False when a link of the package keeps the name.</returns>
    internal bool TryWrite(in ArchivedEntry archived, TarReader reader, IncrementalHash? hash, out bool repeats)
    {
        var entry = archived.Entry;
        repeats = false;
        if (entry.Kind != TarKind.Directory && _own.TryGetValue(entry.Name, out var former))
        {
            if (former.Listed != archived.Listed)
            {
                throw ImageErrors.BadArchive(label, $"it has the same file as /{former.Listed} and as /{archived.Listed}");
            }

            if (former.Kind == TarKind.Symlink && entry.Kind != TarKind.Symlink)
            {
                return false;
            }

            repeats = true;
            (IsAside(entry.Name) ? _asideRoot! : root).Remove(entry.Name);
        }

        if (entry.Kind == TarKind.HardLink && !_own.ContainsKey(entry.LinkTarget))
        {
            throw ImageErrors.UnsafeName(
                label,
                entry.Name,
                $"is a hard link to '{entry.LinkTarget}', which is not a file of the package before it"
            );
        }

        try
        {
            if (IsAside(entry.Name) || !TryWrite(root, entry, reader, hash))
            {
                WriteAside(entry, reader, hash);
            }
        }
        catch (UnsafePathException failure)
        {
            // Through a link or file of another package; never through one of its own.
            if (Blocking(failure.RelativePath) is not { } blocking || IsOfDatabase(blocking) || _own.ContainsKey(blocking))
            {
                throw ImageErrors.UnsafeName(label, failure.RelativePath, "leads through a link or a file");
            }

            _aside.Add(blocking);
            WriteAside(entry, reader, hash);
        }

        if (entry.Kind != TarKind.Directory)
        {
            _own[entry.Name] = (archived.Listed, entry.Kind);
        }

        return true;
    }

    /// <inheritdoc />
    public void Dispose() => _asideRoot?.Dispose();

    private void WriteAside(TarEntry entry, TarReader reader, IncrementalHash? hash)
    {
        if (_asideRoot is null)
        {
            Directory.CreateDirectory(aside);
            _asideRoot = RootDirectory.Open(aside);
        }

        if (!IsAside(entry.Name))
        {
            if (IsOfDatabase(entry.Name))
            {
                throw ImageErrors.UnsafeName(label, entry.Name, "belongs to dpkg's own database");
            }

            _aside.Add(entry.Name);
        }

        try
        {
            if (!TryWrite(_asideRoot, entry, reader, hash))
            {
                throw ImageErrors.BadArchive(label, $"it has /{entry.Name} as a directory and as something else");
            }
        }
        catch (UnsafePathException failure)
        {
            throw ImageErrors.UnsafeName(label, failure.RelativePath, "leads through a link or a file");
        }
    }

    private bool TryWrite(RootDirectory target, TarEntry entry, TarReader reader, IncrementalHash? hash) =>
        entry.Kind == TarKind.HardLink
            ? target.MakeHardLink(entry.Name, entry.LinkTarget, IsAside(entry.LinkTarget) ? _asideRoot! : root)
            : PackageUnpacker.Write(target, entry, reader, hash);

    private bool IsAside(string place) => _aside.Count > 0 && ArchivePath.IsAtOrBelow(place, _aside);

    private static bool IsOfDatabase(string place) =>
        (PackageUnpacker.InfoDirectory + "/").StartsWith(place + "/", StringComparison.Ordinal)
        || place.StartsWith(PackageUnpacker.InfoDirectory + "/", StringComparison.Ordinal);

    /// <summary>The topmost part of a path that is there and is not a directory.</summary>
    private string? Blocking(string place)
    {
        for (var slash = place.IndexOf('/'); slash >= 0; slash = place.IndexOf('/', slash + 1))
        {
            if (root.TryStat(place[..slash], out var stat) && stat.Type != FileKind.Directory)
            {
                return place[..slash];
            }
        }

        return null;
    }
}
