using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Digests;

namespace Torchyard.Platform.Streams;

/// <summary>
/// A file that is hashed while it is read: what is read from its beginning onwards goes through the hash on the way, the few bytes that are
/// passed over (headers between the members of an archive) are read for the hash alone. So a check of the whole file costs no second pass.
/// </summary>
internal sealed class HashedFile(SafeFileHandle file) : IDisposable
{
    private const int ChunkSize = 1 << 16;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _hashed;

    /// <summary>The file itself, for reads that are not worth hashing.</summary>
    public SafeFileHandle Handle => file;

    /// <summary>Reads bytes at an offset, as many as there are and fit.</summary>
    public int Read(Span<byte> buffer, long offset)
    {
        var read = RandomAccess.Read(file, buffer, offset);
        if (offset > _hashed)
        {
            HashTo(offset);
        }

        if (offset + read > _hashed)
        {
            _hash.AppendData(buffer[(int)(_hashed - offset)..read]);
            _hashed = offset + read;
        }

        return read;
    }

    /// <summary>SHA-256 of the whole file; reads what was not read before. Ends the hash.</summary>
    public Digest Finish()
    {
        HashTo(long.MaxValue);
        return Digest.FromHash(_hash.GetHashAndReset());
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _hash.Dispose();
        file.Dispose();
    }

    private void HashTo(long end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            int read;
            while (
                _hashed < end && (read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(ChunkSize, end - _hashed)), _hashed)) > 0
            )
            {
                _hash.AppendData(buffer.AsSpan(0, read));
                _hashed += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
