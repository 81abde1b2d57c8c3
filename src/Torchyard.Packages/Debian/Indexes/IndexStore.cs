using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>
/// Packages indexes on this machine, by the hash that the Release file gives the uncompressed index: <c>indexes/HASH.packages</c>, one
/// header line with the hash of what follows, then the needed fields of all stanzas. A file that does not fit its header is made anew.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="transport">HTTP.</param>
/// <param name="settings">How to fetch.</param>
/// <param name="offline">Nothing is fetched: what is not here is refused.</param>
internal sealed class IndexStore(StorePaths store, Transport transport, DownloadSettings settings, bool offline = false)
{
    private const int HeaderLength = 7 + 64 + 1;

    // Ten times today's largest index; a signed Release file is not a licence to fill the memory.
    private const long MostBytes = 600L << 20;

    /// <summary>True when the index of a component is here.</summary>
    public bool Has(DebianArchive archive, ReleaseFile release, string component, string architecture) =>
        File.Exists(Path.Combine(store.Indexes, Find(archive, release, component, architecture).Sha256.Hex + ".packages"));

    /// <summary>Gets the index of a component.</summary>
    /// <param name="archive">The suite.</param>
    /// <param name="release">Its verified Release file.</param>
    /// <param name="mirrors">Archive roots, best first.</param>
    /// <param name="component">The component.</param>
    /// <param name="architecture">Architecture of the image.</param>
    /// <param name="progress">Told about fetched bytes.</param>
    /// <param name="cancellation">Ends the download.</param>
    /// <exception cref="TorchyardException">TY2028: the suite has no such component or architecture; TY2030: the index is not what Release
    /// says.</exception>
    public async Task<PackageIndex> GetAsync(
        DebianArchive archive,
        ReleaseFile release,
        IReadOnlyList<Uri> mirrors,
        string component,
        string architecture,
        IProgressTask progress,
        CancellationToken cancellation
    )
    {
        var entry = Find(archive, release, component, architecture);
        var path = Path.Combine(store.Indexes, entry.Sha256.Hex + ".packages");
        Directory.CreateDirectory(store.Indexes);
        if (TryLoad(path) is { } known)
        {
            return Of(known);
        }

        if (offline)
        {
            throw new TorchyardException(
                "TY2039",
                $"the index {archive.NameOf(component)} is needed, and --offline forbids to fetch it",
                "run the command once without --offline: indexes are then in the store"
            );
        }

        using var held = await FileLock.AcquireAsync(Path.Combine(store.Indexes, "lock"), exclusive: true, cancellation);
        if (TryLoad(path) is { } now)
        {
            return Of(now);
        }

        var (compressed, format) = Compressed(release, entry);
        var cache = new FileCache(store.Indexes);
        var (file, _) = await new VerifiedDownloader(transport, cache, settings.Retry).FetchAsync(
            VerifiedDownload.OfArchive(
                $"the index {archive.NameOf(component)}",
                compressed.Sha256,
                compressed.Size,
                Sources(archive, release, mirrors, compressed)
            ),
            progress,
            cancellation
        );
        var text = await Task.Run(() => Filter(file, format, entry, archive.NameOf(compressed.Path)), cancellation);
        AtomicFile.Write(path, text);
        File.Delete(file);
        return Of(text);

        PackageIndex Of(byte[] text) =>
            new(archive.Id, text, HeaderLength, release.PinPriority)
            {
                Names = archive.Further is { } further ? new NamePatterns(further.Settings.Packages) : null,
            };
    }

    private static IndexEntry Find(DebianArchive archive, ReleaseFile release, string component, string architecture)
    {
        if (release.Find(archive.IndexPath(component, architecture)) is { } entry)
        {
            return entry.Size <= MostBytes
                ? entry
                : throw new TorchyardException(
                    "TY2030",
                    $"the index {archive.NameOf(entry.Path)} has {entry.Size} bytes, more than can be right",
                    "use another archive"
                );
        }

        if (archive.Further is { } further)
        {
            throw NoIndex(archive, further, release, component, architecture);
        }

        var components = release.Words("Components");
        var architectures = release.Words("Architectures");
        throw new TorchyardException(
            "TY2028",
            components.Contains(component)
                ? $"{archive.Suite} has no packages for the architecture {architecture}"
                : $"{archive.Suite} has no component {component}",
            components.Contains(component)
                ? $"it has {string.Join(", ", architectures)}: change base.architecture in the recipe"
                : $"it has {string.Join(", ", components)}: change base.components in the recipe"
        )
        {
            IsUsage = true,
        };
    }

    private static TorchyardException NoIndex(
        DebianArchive archive,
        FurtherArchive further,
        ReleaseFile release,
        string component,
        string architecture
    )
    {
        var components = release.Words("Components");
        var isThere = component.Length == 0 || components.Contains(component);
        return new TorchyardException(
            "TY2028",
            isThere
                ? $"the archive {archive.Id} has no index {archive.IndexPath(component, architecture)}"
                : $"the archive {archive.Id} has no component {component}",
            !isThere && components.Length > 0
                ? $"it has {string.Join(", ", components)}: change 'components' of the archive in the recipe"
                : $"it has {Known(release.Words("Architectures"))}; its Release file must name the index without compression, too"
        )
        {
            IsUsage = true,
            Location = further.Place("components") ?? further.Place("suite"),
        };

        static string Known(string[] architectures) =>
            architectures.Length > 0 ? "packages for " + string.Join(", ", architectures) : "no architectures";
    }

    private static (IndexEntry Entry, CompressionFormat? Format) Compressed(ReleaseFile release, IndexEntry entry) =>
        release.Find(entry.Path + ".xz") is { } xz ? (xz, CompressionFormat.Xz)
        : release.Find(entry.Path + ".gz") is { } gz ? (gz, CompressionFormat.Gzip)
        : (entry, null);

    private static List<Uri> Sources(DebianArchive archive, ReleaseFile release, IReadOnlyList<Uri> mirrors, IndexEntry entry)
    {
        var sources = new List<Uri>();
        foreach (var mirror in mirrors)
        {
            var place = archive.Directory;
            if (release.ByHash)
            {
                var directory = entry.Path[..(entry.Path.LastIndexOf('/') + 1)];
                sources.Add(PackageAddress.Of(mirror, $"{place}{directory}by-hash/SHA256/{entry.Sha256.Hex}"));
            }

            sources.Add(PackageAddress.Of(mirror, place + entry.Path));
        }

        return sources;
    }

    private static byte[]? TryLoad(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var text = File.ReadAllBytes(path);
        return text.Length >= HeaderLength && text.AsSpan(0, HeaderLength).SequenceEqual(Header(text.AsSpan(HeaderLength))) ? text : null;
    }

    private static byte[] Header(ReadOnlySpan<byte> body) => Encoding.ASCII.GetBytes($"TYINDX {Digest.Of(body).Hex}\n");

    private static byte[] Filter(string file, CompressionFormat? format, IndexEntry entry, string name)
    {
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        using var decoded = format is { } known ? Decompression.Open(source, known) : source;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var kept = new MemoryStream((int)Math.Min(entry.Size / 2 + HeaderLength, 64 << 20));
        kept.SetLength(HeaderLength);
        kept.Seek(HeaderLength, SeekOrigin.Begin);
        var filter = new IndexFilter(kept);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        long size = 0;
        try
        {
            int read;
            while ((read = decoded.Read(buffer)) > 0)
            {
                size += read;
                if (size > entry.Size)
                {
                    break;
                }

                hash.AppendData(buffer, 0, read);
                filter.Write(buffer.AsSpan(0, read));
            }
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw Wrong(name, "it cannot be decompressed", error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        var value = new byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(value);
        if (size != entry.Size || Digest.FromHash(value) != entry.Sha256)
        {
            throw Wrong(name, "its content is not what the signed Release file says", null);
        }

        var text = kept.ToArray();
        Header(text.AsSpan(HeaderLength)).CopyTo(text, 0);
        return text;
    }

    private static TorchyardException Wrong(string name, string what, Exception? inner) =>
        new(
            "TY2030",
            $"the index {name} cannot be used: {what}",
            "try again; if it stays, report it to the archive or use another mirror",
            inner
        );
}
