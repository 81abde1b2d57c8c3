using System.Security.Cryptography;
using Torchyard.Platform.Digests;

namespace Torchyard.Platform.Streams;

/// <summary>Passes writes on and hashes them, so that nothing is read twice. It does not own the sink.</summary>
internal sealed class HashingStream(Stream sink) : ForwardWriteStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Bytes written so far.</summary>
    public long Count { get; private set; }

    public override long Length => Count;

    public override long Position
    {
        get => Count;
        set => throw new NotSupportedException();
    }

    /// <summary>Digest of what was written; ends the hash.</summary>
    public Digest Finish() => Digest.FromHash(_hash.GetHashAndReset());

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.AppendData(buffer);
        Count += buffer.Length;
        sink.Write(buffer);
    }

    public override void Flush() => sink.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }
}
