using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Packages.Cudnn;
using Torchyard.Platform;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Streams;
using Torchyard.Recipes;

namespace Torchyard.Images.Cudnn;

/// <summary>
/// NVIDIA's archive of cuDNN, <c>cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz</c>: one directory with <c>LICENSE</c>, <c>include/</c> and
/// <c>lib/</c>. Unpacked to the places where Debian's <c>update-nvidia-cudnn</c> puts them. Static libraries stay out: they double the size, and
/// the licence lets nobody distribute an image with them.
/// </summary>
internal static partial class CudnnArchive
{
    // Libraries of machine code shrink to about a third; the rest is room for releases that compress better.
    private const int MostRatio = 16;
    private const long Slack = 256 << 20;

    /// <summary>Unpacks the archive below a directory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cudnn">What the lock says of it.</param>
    /// <param name="architecture">Debian architecture of the image.</param>
    /// <param name="sha512">SHA-512 that Debian's package gives the archive, in lower-case hex; null when it names another release.</param>
    /// <param name="root">Where to.</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    /// <returns>What was unpacked, without directories.</returns>
    /// <exception cref="DamagedPackageException">The file is not the one that the lock names.</exception>
    /// <exception cref="TorchyardException">TY3001 to TY3003: the archive cannot be used; TY3022: it is not the one that Debian names.</exception>
    internal static List<TarEntry> Unpack(
        string path, LockedCudnn cudnn, string architecture, string? sha512, RootDirectory root, CancellationToken cancellation)
    {
        using var file = new HashingFile(path);
        List<TarEntry> entries;
        try
        {
            entries = Unpack(file.Content, cudnn, architecture, root, cancellation);
        }
        catch (Exception failure) when (failure is TarFormatException or InvalidDataException or TorchyardException { Code: "TY3001" or "TY3002" or "TY3003" })
        {
            // A damaged file of the cache breaks some rule of the format first; then it is fetched again.
            if (file.Finish().Sha256 != cudnn.Sha256)
            {
                throw Damaged(cudnn, failure);
            }

            throw failure as TorchyardException ?? ImageErrors.BadArchive(cudnn.FileName, failure.Message, failure);
        }

        var (sha256, actual) = file.Finish();
        if (sha256 != cudnn.Sha256)
        {
            throw Damaged(cudnn, null);
        }

        return sha512 is null || sha512 == actual ? entries : throw ImageErrors.OtherCudnn(cudnn.FileName, CudnnInstaller.Package);
    }

    /// <summary>Where an entry goes below the root; null for what stays out.</summary>
    /// <param name="name">Path in the archive.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="architecture">Debian architecture of the image.</param>
    internal static string? PlaceOf(string name, TarKind kind, string architecture)
    {
        var match = EntryPattern().Match(name);
        var triplet = architecture == "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
        return !match.Success || kind is not (TarKind.File or TarKind.Symlink) ? null
            : match.Groups["library"] is { Success: true, Value: var library } ? $"usr/lib/{triplet}/{library}"
            : match.Groups["header"] is { Success: true, Value: var header } ? $"usr/include/{triplet}/{header}"
            : kind == TarKind.File ? $"usr/share/doc/{CudnnInstaller.Package}/LICENSE" : null;
    }

    private static List<TarEntry> Unpack(Stream file, LockedCudnn cudnn, string architecture, RootDirectory root, CancellationToken cancellation)
    {
        var entries = new List<TarEntry>();
        using var decoded = Decompression.Open(file, CompressionFormat.Xz);
        var reader = new TarReader(new BoundedStream(decoded, Slack + (cudnn.Size * MostRatio), cudnn.FileName));
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!ArchivePath.TryNormalise(entry.Name, out var name))
            {
                throw ImageErrors.UnsafeName(cudnn.FileName, entry.Name, "leads out of the root");
            }

            if (PlaceOf(name, entry.Kind, architecture) is not { } place)
            {
                continue;
            }

            if (entry.Kind == TarKind.Symlink && entry.LinkTarget.Contains('/'))
            {
                throw ImageErrors.UnsafeName(cudnn.FileName, entry.Name, "is a link to another directory");
            }

            var placed = new TarEntry
            {
                Name = place,
                Kind = entry.Kind,
                LinkTarget = entry.LinkTarget,
                Mode = entry.Kind == TarKind.Symlink ? 0x1FF : 0x1A4,
                Size = entry.Size,
                ModifiedAt = entry.ModifiedAt,
            };
            var made = entry.Kind == TarKind.Symlink
                ? root.MakeSymlink(place, entry.LinkTarget, 0, 0, entry.ModifiedAt)
                : root.MakeFile(place, placed.Mode, 0, 0, entry.ModifiedAt, reader.Read);
            if (!made)
            {
                throw ImageErrors.BadArchive(cudnn.FileName, $"it has {name} twice");
            }

            entries.Add(placed);
        }

        reader.Drain();
        var soname = $"libcudnn.so.{cudnn.Version.Split('.')[0]}";
        return entries.Exists(entry => ArchivePath.Name(entry.Name) == soname)
            ? entries
            : throw ImageErrors.BadArchive(cudnn.FileName, $"it has no {soname}");
    }

    private static DamagedPackageException Damaged(LockedCudnn cudnn, Exception? inner) => new($"cuDNN {cudnn.Version}", inner);

    // The rules of update-nvidia-cudnn, and the licence, which it knows by an older name.
    [GeneratedRegex(@"\A[^/]+/(?:lib(?:64)?/(?<library>libcudnn[^/]*\.so(?:\.[0-9.]+)?)|include/(?<header>cudnn[^/]*\.h)|LICENSE(?:\.txt)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex EntryPattern();

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
