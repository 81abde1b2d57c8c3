using System.Security.Cryptography;
using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Registry.Pulling;

/// <summary>
/// A blob on its way into the store: a file in <c>tmp/</c> that has what came of it so far, from its first byte on and without a gap, and
/// its hash. A later run goes on from there; it gets its name when all of it is there and right.
/// </summary>
internal sealed class IncomingBlob : IDisposable
{
    private readonly OciLayout _layout;
    private readonly OciDescriptor _blob;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private IncomingBlob(OciLayout layout, OciDescriptor blob, string path)
    {
        (_layout, _blob, _path) = (layout, blob, path);
        RegularFile.ClearPlace(path);
        _file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                BufferSize = 0,
                UnixCreateMode = (UnixFileMode)FileModes.Private,
            }
        );
    }

    /// <summary>Bytes that are there.</summary>
    public long Length { get; private set; }

    /// <summary>Where a blob is while it comes.</summary>
    internal static string PathOf(StorePaths paths, Digest digest) => Path.Combine(paths.Temporary, $"pull-{digest.Hex}");

    /// <summary>Opens it, with what an earlier run left. The caller holds the lock beside it.</summary>
    public static IncomingBlob Open(OciLayout layout, StorePaths paths, OciDescriptor blob, CancellationToken cancellation)
    {
        var incoming = new IncomingBlob(layout, blob, PathOf(paths, blob.Digest));
        try
        {
            incoming.ReadExisting(cancellation);
            return incoming;
        }
        catch
        {
            incoming.Dispose();
            throw;
        }
    }

    /// <summary>Adds what came next.</summary>
    /// <exception cref="Platform.Errors.TorchyardException">TY3005: the disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Write(bytes);
        }
        catch (IOException failure) when (FullDisk.Is(failure))
        {
            throw ImageErrors.NoSpace(_path, failure);
        }

        _hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>Begins anew.</summary>
    public void Clear()
    {
        _file.SetLength(0);
        _file.Seek(0, SeekOrigin.Begin);
        _ = _hash.GetHashAndReset();
        Length = 0;
    }

    /// <summary>Digest of what is there; ends the hash.</summary>
    public Digest Finish() => Digest.FromHash(_hash.GetHashAndReset());

    /// <summary>Gives it its place in the store.</summary>
    public void Commit()
    {
        File.SetUnixFileMode(_file.SafeFileHandle, (UnixFileMode)FileModes.Readable);
        _file.Dispose();
        RegularFile.ClearPlace(_layout.BlobPath(_blob.Digest));
        File.Move(_path, _layout.BlobPath(_blob.Digest), overwrite: true);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    private void ReadExisting(CancellationToken cancellation)
    {
        if (_file.Length > _blob.Size)
        {
            _file.SetLength(0);
        }

        var buffer = new byte[1 << 18];
        int read;
        while ((read = _file.Read(buffer)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            _hash.AppendData(buffer.AsSpan(0, read));
            Length += read;
        }
    }
}
