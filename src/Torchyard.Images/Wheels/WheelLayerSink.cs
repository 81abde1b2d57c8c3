using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using Torchyard.Platform;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Streams;
using Torchyard.Recipes;

namespace Torchyard.Images.Wheels;

/// <summary>
/// Takes the tar of a wheel layer and writes its blob. With gzip, the wheel's own deflate data is carried over: a gzip file is a
/// sequence of members (RFC 1952 section 2.2), so each large file of the wheel becomes a member as it is, and only what is between them
/// (tar headers, small files) is compressed here. With zstd everything is compressed again, on all cores.
/// </summary>
internal sealed class WheelLayerSink : ForwardWriteStream
{
    /// <summary>Deflated bytes from which a file is carried over; below it, compressing it with its neighbours is smaller.</summary>
    public const int CarryFrom = 4096;

    // Input of a member made here: fixed, so that the bytes do not depend on how the writes were cut.
    private const int LooseSize = 1 << 20;

    private readonly Stream _blob;
    private readonly ZLibCompressionOptions _options;
    private readonly FrameCompressionStream? _frames;
    private readonly BackgroundHash _hash = new(HashAlgorithmName.SHA256);
    private readonly byte[] _loose = ArrayPool<byte>.Shared.Rent(LooseSize);
    private int _filled;
    private long _carried;

    public WheelLayerSink(Stream blob, LayerCompression compression, int level)
    {
        _blob = blob;
        _options = new ZLibCompressionOptions { CompressionLevel = Math.Min(level, 9) };
        _frames = compression == LayerCompression.Zstd ? new FrameCompressionStream(blob, CompressionFormat.Zstd, level, leaveOpen: true) : null;
    }

    /// <summary>True when the wheel's deflate data can be carried over.</summary>
    public bool Carries => _frames is null;

    /// <summary>Bytes of the tar so far.</summary>
    public long Count => _hash.Count;

    public override long Length => Count;

    public override long Position
    {
        get => Count;
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// The next <paramref name="size"/> bytes of the tar are those of a gzip member that <paramref name="member"/> gives: they are hashed,
    /// and the returned stream passes the member to the blob while it is decoded.
    /// </summary>
    public Stream Carry(Stream member, long size)
    {
        FlushLoose();
        _carried = size;
        return new CopyingReadStream(member, _blob);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return;
        }

        _hash.Append(buffer);
        if (_frames is not null)
        {
            _frames.Write(buffer);
            return;
        }

        if (_carried > 0)
        {
            // A write never mixes content and padding (TarLayerWriter), so this is all of one kind.
            _carried -= buffer.Length;
            return;
        }

        while (!buffer.IsEmpty)
        {
            var part = buffer[..Math.Min(buffer.Length, LooseSize - _filled)];
            part.CopyTo(_loose.AsSpan(_filled));
            _filled += part.Length;
            buffer = buffer[part.Length..];
            if (_filled == LooseSize)
            {
                FlushLoose();
            }
        }
    }

    /// <summary>Writes what is left and gives the digest of the tar.</summary>
    public Digest Complete()
    {
        FlushLoose();
        _frames?.Complete();
        return Digest.FromHash(_hash.Finish());
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _frames?.Dispose();
            _hash.Dispose();
            ArrayPool<byte>.Shared.Return(_loose);
        }

        base.Dispose(disposing);
    }

    private void FlushLoose()
    {
        if (_filled > 0)
        {
            using (var member = new GZipStream(_blob, _options, leaveOpen: true))
            {
                member.Write(_loose.AsSpan(0, _filled));
            }

            _filled = 0;
        }
    }
}
