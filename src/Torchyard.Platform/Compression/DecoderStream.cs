using System.Buffers;
using Torchyard.Platform.Streams;

namespace Torchyard.Platform.Compression;

/// <summary>A read-only, forward-only stream over a native decoder, with one pooled input buffer.</summary>
internal abstract class DecoderStream(Stream source, bool leaveOpen) : ForwardReadStream
{
    private const int InputSize = 128 * 1024;

    private byte[]? _input = ArrayPool<byte>.Shared.Rent(InputSize);
    private int _start;
    private int _end;
    private bool _sourceEnded;

    public override bool CanRead => _input is not null;

    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_input is null, this);
        while (!buffer.IsEmpty)
        {
            if (_start == _end && !_sourceEnded)
            {
                _start = 0;
                _end = source.Read(_input);
                _sourceEnded = _end == 0;
            }

            var state = Decode(_input.AsSpan(_start, _end - _start), _sourceEnded, buffer, out var consumed, out var written);
            _start += consumed;
            if (written > 0 || state)
            {
                return written;
            }
        }

        return 0;
    }

    /// <summary>Decodes some input. Called with an empty input only when the source has ended.</summary>
    /// <returns>True when the data has come to its proper end.</returns>
    /// <exception cref="InvalidDataException">Damaged or truncated data, or one that needs more memory than allowed.</exception>
    protected abstract bool Decode(ReadOnlySpan<byte> input, bool last, Span<byte> output, out int consumed, out int written);

    /// <summary>Frees the native decoder; called once.</summary>
    protected abstract void FreeDecoder();

    protected override void Dispose(bool disposing)
    {
        if (_input is { } rented)
        {
            _input = null;
            ArrayPool<byte>.Shared.Return(rented);
            FreeDecoder();
            if (!leaveOpen)
            {
                source.Dispose();
            }
        }

        base.Dispose(disposing);
    }
}
