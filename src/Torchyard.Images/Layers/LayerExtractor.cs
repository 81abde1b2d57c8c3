using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Layers;

/// <summary>
/// Extracts layer blobs into directories that overlayfs takes as lower layers: whiteouts become character devices 0:0, opaque markers
/// become the attribute <c>overlay.opaque</c>. Needs to be root, or root of a user namespace that maps the layer's ids.
/// </summary>
internal static class LayerExtractor
{
    // What a layer may unpack to beyond a hundred times its blob; real layers stay below ten times.
    private const long Slack = 4L << 30;

    internal static CompressionFormat FormatOf(string mediaType) =>
        mediaType switch
        {
            _ when mediaType.EndsWith("+zstd", StringComparison.Ordinal) => CompressionFormat.Zstd,
            _ when mediaType.EndsWith("+gzip", StringComparison.Ordinal) || mediaType.EndsWith(".gzip", StringComparison.Ordinal) =>
                CompressionFormat.Gzip,
            _ => CompressionFormat.None,
        };

    /// <summary>Extracts a blob; the caller compares the digests and throws the directory away when they are others.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="size">Its length, for the limit.</param>
    /// <param name="format">Its compression.</param>
    /// <param name="directory">An empty directory.</param>
    /// <param name="label">What messages call the layer.</param>
    /// <param name="userXattrs">True in a user namespace, where overlayfs uses <c>user.overlay.</c> attributes (mount option
    /// userxattr).</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    internal static LayerExtraction Extract(
        Stream blob,
        long size,
        CompressionFormat format,
        string directory,
        string label,
        bool userXattrs,
        CancellationToken cancellation
    )
    {
        using var blobHash = new HashingStream(Stream.Null);
        using var tarHash = new HashingStream(Stream.Null);
        using var decoded = Decompression.Open(new CopyingReadStream(blob, blobHash), format);
        var limit = Slack + (100 * size);
        var bounded = new BoundedStream(new CopyingReadStream(decoded, tarHash), limit, () => ImageErrors.TooLarge(label, limit));
        var reader = new TarReader(bounded);
        var directories = new List<TarEntry>();
        var leftOut = new List<string>();
        try
        {
            using var root = RootDirectory.Open(directory, Links.InsideRoot);
            while (reader.Next() is { } entry)
            {
                cancellation.ThrowIfCancellationRequested();
                var path = PathOf(label, entry.Name);
                if (entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice or TarKind.Fifo)
                {
                    // A node would be a device of this machine, and what opens a fifo waits. A container gets its devices when it starts.
                    leftOut.Add(path);
                }
                else if (path.Length > 0)
                {
                    Place(root, entry with { Name = path }, reader, label, userXattrs, directories);
                }
            }

            reader.Drain();
            // Filling a directory changes its time, so directories get theirs last, the deepest first.
            for (var index = directories.Count - 1; index >= 0; index--)
            {
                var entry = directories[index];
                root.SetAttributes(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt);
            }

            root.SetAttributes("", FileModes.Directory, 0, 0, 0);
        }
        catch (Exception failure) when (failure is TarFormatException or InvalidDataException)
        {
            throw ImageErrors.DamagedBlob(label, failure.Message);
        }
        catch (UnsafePathException failure)
        {
            throw ImageErrors.UnsafeName(label, failure.RelativePath, "leads through a link or a file");
        }

        // The decompressor may leave the last bytes unread.
        new CopyingReadStream(blob, blobHash).CopyTo(Stream.Null);
        return new LayerExtraction(blobHash.Finish(), tarHash.Finish(), leftOut);
    }

    /// <summary>
    /// Path of a name in a layer, relative to the root: some tools write it, and the targets of hard links, with a slash in front.
    /// </summary>
    internal static string PathOf(string label, string name) =>
        ArchivePath.TryNormalise(name.TrimStart('/'), out var path)
            ? path
            : throw ImageErrors.UnsafeName(label, name, "leads out of the root");

    private static void Place(
        RootDirectory root,
        TarEntry entry,
        TarReader reader,
        string label,
        bool userXattrs,
        List<TarEntry> directories
    )
    {
        var name = ArchivePath.Name(entry.Name);
        if (name == OverlayTree.OpaqueMarker)
        {
            var parent = ArchivePath.Parent(entry.Name);
            root.MakeDirectory(parent);
            root.SetXattr(parent, userXattrs ? "user.overlay.opaque" : "trusted.overlay.opaque", "y"u8);
            return;
        }

        if (name.StartsWith(OverlayTree.WhiteoutPrefix, StringComparison.Ordinal))
        {
            var hidden = name[OverlayTree.WhiteoutPrefix.Length..];
            if (hidden is "" or "." or "..")
            {
                throw ImageErrors.UnsafeName(label, entry.Name, "is not a whiteout");
            }

            var parent = ArchivePath.Parent(entry.Name);
            root.MakeNode(parent.Length == 0 ? hidden : $"{parent}/{hidden}", FileKind.Character, 0, 0, 0, 0, 0, entry.ModifiedAt);
            return;
        }

        var made = entry.Kind switch
        {
            TarKind.Directory => root.MakeDirectory(entry.Name),
            TarKind.File => root.MakeFile(entry.Name, entry.Mode, entry.User, entry.Group, entry.ModifiedAt, reader.Read),
            TarKind.Symlink => root.MakeSymlink(entry.Name, entry.LinkTarget, entry.User, entry.Group, entry.ModifiedAt),
            TarKind.HardLink => root.MakeHardLink(entry.Name, PathOf(label, entry.LinkTarget)),
            _ => throw new InvalidOperationException(entry.Kind.ToString()),
        };
        if (!made)
        {
            throw ImageErrors.UnsafeName(label, entry.Name, "is in the layer twice");
        }

        foreach (var (attribute, value) in entry.Xattrs.Where(attribute => OverlayEntry.IsCarried(attribute.Key)))
        {
            root.SetXattr(entry.Name, attribute, value);
        }

        if (entry.Kind == TarKind.Directory)
        {
            directories.Add(entry);
        }
    }
}

/// <summary>What came out of a layer blob.</summary>
/// <param name="Blob">Digest of the blob.</param>
/// <param name="DiffId">Digest of the tar in it.</param>
/// <param name="LeftOut">Device nodes and fifos, which are not made.</param>
internal sealed record LayerExtraction(Digest Blob, Digest DiffId, IReadOnlyList<string> LeftOut);
