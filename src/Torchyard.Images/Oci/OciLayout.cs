using Torchyard.Images.Errors;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Oci;

/// <summary>
/// An OCI image layout on disk (image-spec, image-layout.md). Blobs and index.json appear by rename; index.json changes under a lock.
/// </summary>
internal sealed class OciLayout
{
    internal const string NameAnnotation = "org.opencontainers.image.ref.name";

    /// <summary>
    /// Digest under which a registry has the image, where that is not the manifest's own: of an index, or of docker's manifest.
    /// </summary>
    internal const string PulledAnnotation = "io.github.torchyard.pulled";

    // index.json and manifests are read into memory.
    private const int MaxDocument = 16 << 20;

    // A manifest with the most layers that there may be has less.
    private const int MostSmall = 1 << 20;

    private readonly StorePaths _paths;

    internal OciLayout(StorePaths paths) => _paths = paths;

    private string BlobDirectory => Path.Combine(_paths.Oci, "blobs", "sha256");

    private string IndexPath => Path.Combine(_paths.Oci, "index.json");

    /// <summary>What this program last wrote to index.json: names of images are nowhere else.</summary>
    private string IndexCopy => Path.Combine(_paths.Root, "index.copy.json");

    private string VersionPath => Path.Combine(_paths.Oci, "oci-layout");

    /// <summary>Makes an empty layout if there is none.</summary>
    internal void Initialise()
    {
        StorePrivacy.Protect(_paths);
        StoreDirectory.Create(BlobDirectory);
        if (!File.Exists(VersionPath))
        {
            WriteVersion();
        }

        // Before the first blob: a layout that has manifests and no index has lost it.
        if (!Path.Exists(IndexPath) && !Path.Exists(IndexCopy) && !Manifests().Any())
        {
            AtomicFile.TryCreate(IndexPath, OciJson.Serialize(new OciIndex { Manifests = [] }));
        }
    }

    /// <summary>
    /// What is wrong with the file <c>oci-layout</c>, without which other tools do not read the layout; null when nothing is.
    /// </summary>
    internal string? VersionDamage
    {
        get
        {
            if (!Directory.Exists(_paths.Oci))
            {
                return null;
            }

            try
            {
                return RegularFile.TryRead(VersionPath, MostSmall) is not { } content
                    ? "is missing"
                    : OciJson.TryDeserialize<OciLayoutVersion>(content).Problem;
            }
            catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
            {
                return failure.Message;
            }
        }
    }

    /// <summary>Writes the file <c>oci-layout</c>.</summary>
    internal void WriteVersion()
    {
        RegularFile.ClearPlace(VersionPath);
        AtomicFile.Write(VersionPath, OciJson.Serialize(new OciLayoutVersion()));
    }

    internal string BlobPath(Digest digest) => Path.Combine(BlobDirectory, digest.Hex);

    internal bool HasBlob(Digest digest, long size) => RegularFile.Length(BlobPath(digest)) == size;

    /// <summary>Starts a blob whose digest is known at its end.</summary>
    internal PendingBlob BeginBlob() => new(this, Path.Combine(_paths.Temporary, $"blob-{Guid.NewGuid():N}"));

    /// <summary>Stores a small document.</summary>
    internal OciDescriptor WriteDocument(byte[] content, string mediaType)
    {
        var digest = Digest.Of(content);
        // Documents are small: looking at what is there repairs a damaged one on the way.
        if (
            !HasBlob(digest, content.Length)
            || RegularFile.TryRead(BlobPath(digest), content.Length) is not { } there
            || !there.AsSpan().SequenceEqual(content)
        )
        {
            RegularFile.ClearPlace(BlobPath(digest));
            AtomicFile.Write(BlobPath(digest), content);
        }

        return new OciDescriptor
        {
            MediaType = mediaType,
            Digest = digest,
            Size = content.Length,
        };
    }

    /// <summary>Reads a small blob whole and checks its digest.</summary>
    internal byte[] ReadDocument(Digest digest)
    {
        byte[]? content;
        try
        {
            content = RegularFile.TryRead(BlobPath(digest), MaxDocument);
        }
        catch (TorchyardException failure)
        {
            throw ImageErrors.DamagedBlob(digest.ToString(), failure.Message);
        }

        return content is null ? throw ImageErrors.MissingBlob(digest.ToString())
            : Digest.Of(content) == digest ? content
            : throw ImageErrors.DamagedBlob(digest.ToString(), "its digest is another");
    }

    /// <summary>Reads index.json, or what stands for it.</summary>
    internal IndexReading LoadIndex()
    {
        var (own, damage) = TryRead(IndexPath);
        if (own is not null)
        {
            return new IndexReading(own, null, IsLost: false);
        }

        var (copy, copyDamage) = TryRead(IndexCopy);
        if (copy is not null)
        {
            return new IndexReading(copy, damage ?? "is missing", IsLost: false);
        }

        return damage is null && copyDamage is null && !Manifests().Any()
            ? new IndexReading(new OciIndex { Manifests = [] }, null, IsLost: false)
            : new IndexReading(
                new OciIndex { Manifests = [] },
                $"{damage ?? "is missing"}, and its copy {copyDamage ?? "is missing"}",
                IsLost: true
            );
    }

    /// <summary>Reads index.json; an empty index when there is none yet. In place of one that cannot be read the copy counts.</summary>
    /// <exception cref="TorchyardException">TY3053: both are lost.</exception>
    internal OciIndex ReadIndex()
    {
        var read = LoadIndex();
        return read.IsLost ? throw ImageErrors.LostIndex(IndexPath, read.Damage!) : read.Index;
    }

    /// <summary>All that can be saved of a lost index: the entries that can still be read in it or in its copy.</summary>
    internal IEnumerable<OciDescriptor> SaveEntries() => new[] { IndexPath, IndexCopy }.SelectMany(SaveEntries);

    /// <summary>Blobs that are manifests of images or artifacts, or indexes of artifacts, whatever index.json says.</summary>
    internal IEnumerable<OciDescriptor> Manifests()
    {
        foreach (var blob in Blobs())
        {
            if (RegularFile.Length(BlobPath(blob)) is not (> 1 and <= MostSmall) || ReadSmall(blob) is not { } content)
            {
                continue;
            }

            if (OciJson.TryDeserialize<OciManifest>(content).Value is { MediaType: MediaTypes.Manifest } manifest)
            {
                yield return new OciDescriptor
                {
                    MediaType = MediaTypes.Manifest,
                    Digest = blob,
                    Size = content.Length,
                    ArtifactType = manifest.ArtifactType,
                };
            }
            else if (OciJson.TryDeserialize<OciIndex>(content).Value is { MediaType: MediaTypes.Index })
            {
                yield return new OciDescriptor
                {
                    MediaType = MediaTypes.Index,
                    Digest = blob,
                    Size = content.Length,
                };
            }
        }
    }

    private byte[]? ReadSmall(Digest blob)
    {
        try
        {
            // Most small blobs are small layers, which no document begins like.
            return ReadDocument(blob) is { } content && content[0] == (byte)'{' ? content : null;
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<OciDescriptor> SaveEntries(string path)
    {
        System.Text.Json.JsonDocument document;
        try
        {
            if (RegularFile.TryRead(path, MaxDocument) is not { } content)
            {
                yield break;
            }

            document = UnicodeJson.Parse(content, new System.Text.Json.JsonDocumentOptions { MaxDepth = RecordText.MostDepth });
        }
        catch (Exception failure)
            when (failure is TorchyardException or IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            yield break;
        }

        using (document)
        {
            if (
                document.RootElement.ValueKind != System.Text.Json.JsonValueKind.Object
                || !document.RootElement.TryGetProperty("manifests", out var entries)
                || entries.ValueKind != System.Text.Json.JsonValueKind.Array
            )
            {
                yield break;
            }

            foreach (var entry in entries.EnumerateArray())
            {
                if (OciJson.TryDeserialize<OciDescriptor>(System.Text.Encoding.UTF8.GetBytes(entry.GetRawText())).Value is { } descriptor)
                {
                    yield return descriptor;
                }
            }
        }
    }

    private static (OciIndex? Index, string? Damage) TryRead(string path)
    {
        try
        {
            return RegularFile.TryRead(path, MaxDocument) is { } content ? OciJson.TryDeserialize<OciIndex>(content) : (null, null);
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return (null, failure.Message);
        }
    }

    /// <summary>Writes index.json and its copy, under the lock that <see cref="ChangeIndexAsync"/> takes too.</summary>
    internal async Task WriteIndexAsync(Func<IReadOnlyList<OciDescriptor>> entries, CancellationToken cancellation)
    {
        using var held = await FileLock.AcquireAsync(_paths.IndexLock, exclusive: true, cancellation);
        Write(entries());
    }

    private void Write(IReadOnlyList<OciDescriptor> entries)
    {
        var content = OciJson.Serialize(new OciIndex { Manifests = entries });
        foreach (var path in new[] { IndexPath, IndexCopy })
        {
            RegularFile.ClearPlace(path);
            AtomicFile.Write(path, content);
        }
    }

    /// <summary>Changes index.json under a lock between processes.</summary>
    internal async Task ChangeIndexAsync(
        Func<IReadOnlyList<OciDescriptor>, IReadOnlyList<OciDescriptor>> change,
        CancellationToken cancellation
    )
    {
        Initialise();
        using var held = await FileLock.AcquireAsync(_paths.IndexLock, exclusive: true, cancellation);
        Write(change(ReadIndex().Manifests));
    }

    /// <summary>All blob digests that are there.</summary>
    internal IEnumerable<Digest> Blobs()
    {
        if (!Directory.Exists(BlobDirectory))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(BlobDirectory))
        {
            if (Digest.TryParse(Path.GetFileName(path), out var digest))
            {
                yield return digest;
            }
        }
    }

    /// <summary>A blob on its way: a write-only stream that hashes.</summary>
    internal sealed class PendingBlob : ForwardWriteStream
    {
        private readonly OciLayout _layout;
        private readonly string _temporary;
        private readonly FileStream _file;
        private readonly HashingStream _hash;
        private bool _committed;

        internal PendingBlob(OciLayout layout, string temporary)
        {
            _layout = layout;
            _temporary = temporary;
            _file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            File.SetUnixFileMode(_file.SafeFileHandle, (UnixFileMode)FileModes.Readable);
            _hash = new HashingStream(_file);
        }

        public override long Length => _hash.Count;

        public override long Position
        {
            get => _hash.Count;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                _hash.Write(buffer);
            }
            catch (IOException failure) when (FullDisk.Is(failure))
            {
                throw ImageErrors.NoSpace(_temporary, failure);
            }
        }

        public override void Flush() => _file.Flush();

        /// <summary>Ends the blob and gives it its place.</summary>
        internal (Digest Digest, long Size) Commit()
        {
            var digest = _hash.Finish();
            _file.Dispose();
            RegularFile.ClearPlace(_layout.BlobPath(digest));
            File.Move(_temporary, _layout.BlobPath(digest), overwrite: true);
            _committed = true;
            return (digest, _hash.Count);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _file.Dispose();
                _hash.Dispose();
                if (!_committed)
                {
                    File.Delete(_temporary);
                }
            }

            base.Dispose(disposing);
        }
    }
}

/// <summary>index.json as it could be read.</summary>
/// <param name="Index">What it says, or its copy.</param>
/// <param name="Damage">What is wrong with the file, as the end of a sentence; null when it is whole.</param>
/// <param name="IsLost">True when neither it nor its copy can be read.</param>
internal sealed record IndexReading(OciIndex Index, string? Damage, bool IsLost);
