using System.Buffers;
using System.Buffers.Binary;
using Torchyard.Platform.Compression.Deflate;
using Torchyard.Platform.Streams;

namespace Torchyard.Platform.Compression;

/// <summary>
/// Decodes gzip (RFC 1952), several members included, and checks each member's CRC-32 and size. Nothing may follow the last member, and a
/// source that ends within one is refused: the framework's GZipStream lets both pass.
/// </summary>
internal sealed class GzipDecoderStream(Stream source, bool leaveOpen) : ForwardReadStream
{
    private const int InputSize = 256 * 1024;
    private const int OutputSize = 256 * 1024;
    private const int TrailerSize = 8;

    // Name and comment of a member; gzip gives no limit.
    private const int MaxField = 64 * 1024;

    private readonly Inflater _inflater = Inflater.Rent();
    private byte[]? _input = ArrayPool<byte>.Shared.Rent(InputSize + Inflater.InputReserve);
    private byte[]? _output = ArrayPool<byte>.Shared.Rent(Inflater.WindowSize + OutputSize + Inflater.OutputReserve);
    private int _start;
    private int _end;
    private bool _sourceEnded;
    private bool _inMember;
    private bool _memberEnded;
    private bool _any;
    private int _history;
    private int _given;
    private int _decoded;
    private uint _crc;
    private uint _size;

    public override bool CanRead => _input is not null;

    /// <summary>Fills the whole buffer unless the data ends before: who writes it on writes pieces of even size.</summary>
    public override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_input is null || _output is null, this);
        var total = 0;
        while (total < buffer.Length)
        {
            if (_given == _decoded && !Decode())
            {
                break;
            }

            var count = Math.Min(buffer.Length - total, _decoded - _given);
            _output.AsSpan(_given, count).CopyTo(buffer[total..]);
            _given += count;
            total += count;
        }

        return total;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _input is { } input && _output is { } output)
        {
            _input = _output = null;
            ArrayPool<byte>.Shared.Return(input);
            ArrayPool<byte>.Shared.Return(output);
            Inflater.Return(_inflater);
            if (!leaveOpen)
            {
                source.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    /// <summary>Decodes until there is something to give; false at the end of the last member.</summary>
    private bool Decode()
    {
        while (true)
        {
            if (!_inMember)
            {
                if (!StartMember())
                {
                    return false;
                }
            }
            else if (_memberEnded)
            {
                EndMember();
            }
            else
            {
                DecodePiece();
                if (_given < _decoded)
                {
                    return true;
                }
            }
        }
    }

    private void DecodePiece()
    {
        if (_decoded >= Inflater.WindowSize + OutputSize)
        {
            // The window stays in front of what comes next.
            _output.AsSpan(_decoded - Inflater.WindowSize, Inflater.WindowSize).CopyTo(_output);
            _history = Math.Max(0, _history - (_decoded - Inflater.WindowSize));
            _given = _decoded = Inflater.WindowSize;
        }

        if (_end - _start < Inflater.MinimumInput && !_sourceEnded)
        {
            Load(Inflater.MinimumInput);
        }

        if (_sourceEnded)
        {
            _input.AsSpan(_end, Inflater.InputReserve).Clear();
        }

        var from = _decoded;
        var status = _inflater.Decode(
            _input!,
            ref _start,
            _end,
            _sourceEnded,
            _output!,
            _history,
            ref _decoded,
            Inflater.WindowSize + OutputSize
        );
        var piece = _output.AsSpan(from, _decoded - from);
        _crc = Crc32.Append(_crc, piece);
        _size += (uint)piece.Length;
        _memberEnded = status == InflateStatus.Ended;
        if (status == InflateStatus.NeedsInput && _end - _start >= Inflater.MinimumInput)
        {
            throw new InvalidDataException("gzip: the decoder makes no progress");
        }
    }

    private bool StartMember()
    {
        if (Load(1) == 0)
        {
            return _any ? false : throw new InvalidDataException("gzip: there is no data");
        }

        Need(10);
        var header = _input.AsSpan(_start, 10);
        if (header[0] != 0x1f || header[1] != 0x8b)
        {
            throw new InvalidDataException(_any ? "gzip: something else follows the data" : "gzip: the data does not begin as gzip does");
        }

        var flags = header[3];
        if (header[2] != 8 || (flags & 0xE0) != 0)
        {
            throw new InvalidDataException("gzip: an unknown method or flag");
        }

        _start += 10;
        if ((flags & 4) != 0)
        {
            Need(2);
            var length = BinaryPrimitives.ReadUInt16LittleEndian(_input.AsSpan(_start));
            _start += 2;
            Need(length);
            _start += length;
        }

        SkipText((flags & 8) != 0);
        SkipText((flags & 16) != 0);
        if ((flags & 2) != 0)
        {
            Need(2);
            _start += 2;
        }

        _any = _inMember = true;
        _memberEnded = false;
        _history = _given = _decoded = Inflater.WindowSize;
        _crc = _size = 0;
        _inflater.Reset();
        return true;
    }

    private void EndMember()
    {
        Need(TrailerSize);
        var trailer = _input.AsSpan(_start, TrailerSize);
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != _crc || BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) != _size)
        {
            throw new InvalidDataException("gzip: the data has not the checksum and size that its trailer gives");
        }

        _start += TrailerSize;
        _inMember = false;
    }

    private void SkipText(bool isThere)
    {
        for (var length = 0; isThere; length++)
        {
            Need(1);
            isThere = _input![_start++] != 0;
            if (length > MaxField)
            {
                throw new InvalidDataException("gzip: the name of a member does not end");
            }
        }
    }

    private void Need(int count)
    {
        if (Load(count) < count)
        {
            throw new InvalidDataException("gzip: the data ends too early");
        }
    }

    /// <summary>Moves what is left to the front and reads until this much is there, or the source ends; gives what is there.</summary>
    private int Load(int count)
    {
        if (_end - _start < count && !_sourceEnded)
        {
            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            _end -= _start;
            _start = 0;
            while (_end < count && !_sourceEnded)
            {
                var read = source.Read(_input!, _end, InputSize - _end);
                _end += read;
                _sourceEnded = read == 0;
            }
        }

        return _end - _start;
    }
}
