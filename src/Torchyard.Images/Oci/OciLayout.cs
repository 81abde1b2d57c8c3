using Torchyard.Images.Layers;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Oci;

/// <summary>An OCI image layout on disk (image-spec, image-layout.md). Blobs and index.json appear by rename; index.json changes under a lock.</summary>
internal sealed class OciLayout
{
    internal const string NameAnnotation = "org.opencontainers.image.ref.name";

    // index.json and manifests are read into memory.
    private const long MaxDocument = 16 << 20;

    private readonly StorePaths _paths;

    internal OciLayout(StorePaths paths) => _paths = paths;

    private string BlobDirectory => Path.Combine(_paths.Oci, "blobs", "sha256");

    private string IndexPath => Path.Combine(_paths.Oci, "index.json");

    /// <summary>What this program last wrote to index.json: names of images are nowhere else.</summary>
    private string IndexCopy => Path.Combine(_paths.Root, "index.copy.json");

    /// <summary>Makes an empty layout if there is none.</summary>
    internal void Initialise()
    {
        Directory.CreateDirectory(BlobDirectory);
        Directory.CreateDirectory(_paths.Temporary);
        var version = Path.Combine(_paths.Oci, "oci-layout");
        if (!File.Exists(version))
        {
            AtomicFile.Write(version, OciJson.Serialize(new OciLayoutVersion()));
        }
    }

    internal string BlobPath(Digest digest) => Path.Combine(BlobDirectory, digest.Hex);

    internal bool HasBlob(Digest digest, long size) => new FileInfo(BlobPath(digest)) is { Exists: true } file && file.Length == size;

    /// <summary>Starts a blob whose digest is known at its end.</summary>
    internal PendingBlob BeginBlob() => new(this, Path.Combine(_paths.Temporary, $"blob-{Guid.NewGuid():N}"));

    /// <summary>Stores a small document.</summary>
    internal OciDescriptor WriteDocument(byte[] content, string mediaType)
    {
        var digest = Digest.Of(content);
        // Documents are small: looking at what is there mends a damaged one on the way.
        if (!HasBlob(digest, content.Length) || !File.ReadAllBytes(BlobPath(digest)).AsSpan().SequenceEqual(content))
        {
            AtomicFile.Write(BlobPath(digest), content);
        }

        return new OciDescriptor { MediaType = mediaType, Digest = digest, Size = content.Length };
    }

    /// <summary>Reads a small blob whole and checks its digest.</summary>
    internal byte[] ReadDocument(Digest digest)
    {
        var file = new FileInfo(BlobPath(digest));
        if (!file.Exists)
        {
            throw ImageErrors.MissingBlob(digest.ToString());
        }

        if (file.Length > MaxDocument)
        {
            throw ImageErrors.DamagedBlob(digest.ToString(), "it is too large for a document");
        }

        var content = File.ReadAllBytes(file.FullName);
        return Digest.Of(content) == digest ? content : throw ImageErrors.DamagedBlob(digest.ToString(), "its digest is another");
    }

    /// <summary>True when index.json is there and cannot be read.</summary>
    internal bool IsIndexDamaged => File.Exists(IndexPath) && TryRead(IndexPath) is null;

    /// <summary>Reads index.json; an empty index when there is none yet. In place of one that cannot be read the copy counts.</summary>
    internal OciIndex ReadIndex() =>
        !File.Exists(IndexPath) ? new OciIndex { Manifests = [] }
        : TryRead(IndexPath) ?? TryRead(IndexCopy) ?? OciJson.Deserialize<OciIndex>(File.ReadAllBytes(IndexPath), IndexPath);

    private static OciIndex? TryRead(string path)
    {
        try
        {
            // Text that was cut or flipped may still be JSON; an index without its list is none.
            return File.Exists(path) && OciJson.Deserialize<OciIndex>(File.ReadAllBytes(path), path) is { Manifests: not null } index ? index : null;
        }
        catch (TorchyardException)
        {
            return null;
        }
    }

    /// <summary>Changes index.json under a lock between processes.</summary>
    internal async Task ChangeIndexAsync(Func<IReadOnlyList<OciDescriptor>, IReadOnlyList<OciDescriptor>> change, CancellationToken cancellation)
    {
        Initialise();
        using var held = await FileLock.AcquireAsync(Path.Combine(_paths.Root, "index.lock"), exclusive: true, cancellation);
        var before = ReadIndex();
        var after = OciJson.Serialize(new OciIndex { Manifests = change(before.Manifests) });
        AtomicFile.Write(IndexPath, after);
        AtomicFile.Write(IndexCopy, after);
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
            File.SetUnixFileMode(_file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
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
            catch (IOException failure) when ((failure.HResult & 0xFFFF) is Files.Posix.NoSpace or Files.Posix.QuotaExceeded)
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
