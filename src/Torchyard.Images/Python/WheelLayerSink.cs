using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Python;

/// <summary>
/// Takes the tar of a wheel layer and writes its blob. With gzip, the wheel's own deflate data is carried over: a gzip file is a
/// sequence of members (RFC 1952 section 2.2), so each large file of the wheel becomes a member as it is, and only what is between them
/// (tar headers, small files) is compressed here. With zstd everything is compressed again, on all cores. Hashing the tar, compressing
/// and writing the blob each go on beside the thread that writes here.
/// </summary>
internal sealed class WheelLayerSink : ForwardWriteStream
{
    /// <summary>Deflated bytes from which a file is carried over; below it, compressing it with its neighbours is smaller.</summary>
    public const int CarryFrom = 4096;

    private readonly FrameCompressionStream _frames;
    private readonly BackgroundHash _hash = new();
    private long _carried;

    public WheelLayerSink(Stream blob, LayerCompression compression, int level)
    {
        Carries = compression == LayerCompression.Gzip;
        _frames = new FrameCompressionStream(blob, Carries ? CompressionFormat.Gzip : CompressionFormat.Zstd, level, leaveOpen: true);
    }

    /// <summary>True when the wheel's deflate data can be carried over.</summary>
    public bool Carries { get; }

    /// <summary>Bytes of the tar so far.</summary>
    public long Count => _hash.Count;

    public override long Length => Count;

    public override long Position
    {
        get => Count;
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// The next <paramref name="size"/> bytes of the tar are those of a gzip member: they are hashed, and the member goes into the blob.
    /// </summary>
    /// <param name="member">The member; disposed when it was written.</param>
    /// <param name="size">Its size when decoded.</param>
    public void Carry(Stream member, long size)
    {
        _carried = size;
        _frames.Splice(member);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return;
        }

        _hash.Append(buffer);
        if (_carried > 0)
        {
            // A write never mixes content and padding (TarLayerWriter), so this is all of one kind.
            _carried -= buffer.Length;
            return;
        }

        _frames.Write(buffer);
    }

    /// <summary>Writes what is left and gives the digest of the tar.</summary>
    public Digest Complete()
    {
        _frames.Complete();
        return _hash.Finish();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _frames.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
