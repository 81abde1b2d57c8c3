using System.Security.Cryptography;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Nvidia;

/// <summary>
/// Unpacks archives of NVIDIA's redistributable indexes: tar in xz, one directory with <c>LICENSE</c> and the files of the component. What
/// goes where, and what stays out, the component says.
/// </summary>
internal static class RedistUnpacker
{
    // Libraries of machine code shrink to about a third; the rest is room for releases that compress better.
    private const int MostRatio = 16;
    private const long Slack = 256 << 20;

    /// <summary>Unpacks an archive below a directory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="locked">What the lock says of it.</param>
    /// <param name="place">Where an entry goes, by its path in the archive and its kind; null for what stays out. Only files and links may
    /// have a place.</param>
    /// <param name="check">Looks at what was unpacked, and may add to it; throws TY3001 when the archive lacks what it must have.</param>
    /// <param name="root">Where to.</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    /// <returns>What was unpacked, without directories, and the archive's SHA-512 in lower-case hex.</returns>
    /// <exception cref="DamagedPackageException">The file is not the one that the lock names.</exception>
    /// <exception cref="TorchyardException">TY3001 to TY3003: the archive cannot be used.</exception>
    internal static (List<TarEntry> Entries, string Sha512) Unpack(
        string path,
        LockedRedist locked,
        Func<string, TarKind, string?> place,
        Action<List<TarEntry>> check,
        RootDirectory root,
        CancellationToken cancellation
    )
    {
        using var file = new HashingFile(path);
        List<TarEntry> entries;
        try
        {
            entries = Unpack(file.Content, locked, place, root, cancellation);
            check(entries);
        }
        catch (Exception failure)
            when (failure
                    is TarFormatException
                        or InvalidDataException
                        or TorchyardException { Code: ImageCodes.BadArchive or ImageCodes.UnsafeName or ImageCodes.UnpacksTooLarge }
            )
        {
            // A damaged file of the cache breaks some rule of the format first; then it is fetched again.
            if (file.Finish().Sha256 != locked.Sha256)
            {
                throw Damaged(locked, failure);
            }

            throw failure as TorchyardException ?? ImageErrors.BadArchive(locked.FileName, failure.Message, failure);
        }

        var (sha256, sha512) = file.Finish();
        return sha256 == locked.Sha256 ? (entries, sha512) : throw Damaged(locked, null);
    }

    private static List<TarEntry> Unpack(
        Stream file,
        LockedRedist locked,
        Func<string, TarKind, string?> placeOf,
        RootDirectory root,
        CancellationToken cancellation
    )
    {
        var entries = new List<TarEntry>();
        using var decoded = Decompression.Open(file, CompressionFormat.Xz);
        var limit = Slack + (locked.Size * MostRatio);
        var reader = new TarReader(new BoundedStream(decoded, limit, () => ImageErrors.TooLarge(locked.FileName, limit)));
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!ArchivePath.TryNormalise(entry.Name, out var name))
            {
                throw ImageErrors.UnsafeName(locked.FileName, entry.Name, "leads out of the root");
            }

            if (placeOf(name, entry.Kind) is not { } place)
            {
                continue;
            }

            if (entry.Kind == TarKind.Symlink && entry.LinkTarget.Contains('/'))
            {
                throw ImageErrors.UnsafeName(locked.FileName, entry.Name, "is a link to another directory");
            }

            var placed = new TarEntry
            {
                Name = place,
                Kind = entry.Kind,
                LinkTarget = entry.LinkTarget,
                Mode = entry.Kind == TarKind.Symlink ? FileModes.Everything : FileModes.Readable,
                Size = entry.Size,
                ModifiedAt = entry.ModifiedAt,
            };
            var made =
                entry.Kind == TarKind.Symlink
                    ? root.MakeSymlink(place, entry.LinkTarget, 0, 0, entry.ModifiedAt)
                    : root.MakeFile(place, placed.Mode, 0, 0, entry.ModifiedAt, reader.Read);
            if (!made)
            {
                throw ImageErrors.BadArchive(locked.FileName, $"it has {name} twice");
            }

            entries.Add(placed);
        }

        reader.Drain();
        return entries;
    }

    private static DamagedPackageException Damaged(LockedRedist locked, Exception? inner) => new(locked.Title, inner);

    /// <summary>A file that is hashed while it is read from its beginning to its end.</summary>
    private sealed class HashingFile : IDisposable
    {
        private readonly FileStream _file;
        private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly IncrementalHash _sha512 = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);

        public HashingFile(string path)
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);
            Content = new Reader(this);
        }

        /// <summary>The bytes; closing it leaves the file open.</summary>
        public Stream Content { get; }

        /// <summary>Hashes of the whole file; reads what was not read before.</summary>
        public (Digest Sha256, string Sha512) Finish()
        {
            Content.CopyTo(Stream.Null);
            return (Digest.FromHash(_sha256.GetHashAndReset()), Convert.ToHexStringLower(_sha512.GetHashAndReset()));
        }

        public void Dispose()
        {
            _sha256.Dispose();
            _sha512.Dispose();
            _file.Dispose();
        }

        private sealed class Reader(HashingFile owner) : ForwardReadStream
        {
            public override int Read(Span<byte> buffer)
            {
                var read = owner._file.Read(buffer);
                owner._sha256.AppendData(buffer[..read]);
                owner._sha512.AppendData(buffer[..read]);
                return read;
            }
        }
    }
}
