using System.Security.Cryptography;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Streams;

namespace Torchyard.Registry.Copying;

/// <summary>A blob that is read once, and never longer than it may be: its last bytes come only when all of it is what it says.</summary>
/// <param name="open">Opens it at its first byte; called with the first read.</param>
/// <param name="blob">What it says.</param>
/// <param name="wrong">The failure for anything else.</param>
internal sealed class VerifiedStream(Func<Stream> open, OciDescriptor blob, Func<string, TorchyardException> wrong) : ForwardReadStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Stream? _source;
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = Wanted(buffer.Length);
        if (wanted == 0)
        {
            return 0;
        }

        _source ??= open();
        var read = await _source.ReadAsync(buffer[..wanted], cancellationToken);
        return Took(buffer.Span, read);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        var wanted = Wanted(buffer.Length);
        if (wanted == 0)
        {
            return 0;
        }

        _source ??= open();
        return Took(buffer, _source.Read(buffer[..wanted]));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source?.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Wanted(int room) => (int)Math.Min(room, blob.Size - _read);

    private int Took(ReadOnlySpan<byte> buffer, int read)
    {
        if (read == 0)
        {
            throw wrong($"{blob.Digest} has {_read} bytes, its manifest says {blob.Size}");
        }

        _hash.AppendData(buffer[..read]);
        _read += read;
        return _read < blob.Size || Digest.FromHash(_hash.GetHashAndReset()) is var actual && actual == blob.Digest
            ? read
            : throw wrong($"{blob.Digest} has other bytes than its digest says");
    }
}
