using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>What lies at a place of the root while packages are unpacked one after the other.</summary>
/// <param name="Kind">What it is; never <see cref="TarKind.HardLink"/>.</param>
/// <param name="Inode">The file; several places may have the same.</param>
/// <param name="IsFresh">True for a directory that took the place of something else: nothing that was below the place before shows.</param>
internal sealed record PlacedNode(TarKind Kind, FileInode Inode, bool IsFresh = false)
{
    /// <summary>Target of a symbolic link; else empty.</summary>
    internal string LinkTarget => Kind == TarKind.Symlink ? Inode.Entry.LinkTarget : "";
}

/// <summary>A file, directory, link or device by where its bytes come from.</summary>
/// <param name="package">The package that has it; null for what was there before.</param>
/// <param name="entry">The package's entry, with its place in the package; or what was there before, with the place of that.</param>
internal sealed class FileInode(UnpackedPackage? package, TarEntry entry)
{
    internal UnpackedPackage? Package { get; } = package;

    /// <summary>The entry that has the content.</summary>
    internal TarEntry Entry { get; } = entry;

    /// <summary>
    /// Set when a package made a hard link to this file of another one: dpkg gives the file owner, mode and time of the link's entry
    /// (src/main/archives.c, tarobject_set_perms).
    /// </summary>
    internal TarEntry? Relabelled { get; set; }
}
