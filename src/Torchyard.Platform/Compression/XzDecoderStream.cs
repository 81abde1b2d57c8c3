using System.Runtime.InteropServices;
using Torchyard.Platform.Compression.Interop;

namespace Torchyard.Platform.Compression;

/// <summary>Decodes .xz through liblzma, concatenated streams included, with a memory limit.</summary>
internal sealed unsafe class XzDecoderStream : DecoderStream
{
    // lzma_stream is owned by this object and must not move between calls.
    private LzmaStream* _stream;
    private bool _ended;

    public XzDecoderStream(Stream source, long memoryLimit, bool leaveOpen)
        : base(source, leaveOpen)
    {
        _stream = (LzmaStream*)NativeMemory.AllocZeroed((nuint)sizeof(LzmaStream));
        var result = Lzma.StreamDecoder(_stream, (ulong)memoryLimit, Lzma.Concatenated);
        if (result != LzmaResult.Ok)
        {
            throw new InsufficientMemoryException($"liblzma gave {result} for a new decoder");
        }
    }

    protected override bool Decode(ReadOnlySpan<byte> input, bool last, Span<byte> output, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        if (_ended)
        {
            return true;
        }

        LzmaResult result;
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            _stream->NextIn = from;
            _stream->AvailIn = (nuint)input.Length;
            _stream->NextOut = to;
            _stream->AvailOut = (nuint)output.Length;
            result = Lzma.Code(_stream, last ? LzmaAction.Finish : LzmaAction.Run);
            consumed = input.Length - (int)_stream->AvailIn;
            written = output.Length - (int)_stream->AvailOut;
        }

        switch (result)
        {
            case LzmaResult.Ok:
                return false;
            case LzmaResult.StreamEnd:
                _ended = true;
                return true;
            case LzmaResult.BufferError when !last || written > 0:
                return false;
            default:
                throw new InvalidDataException(
                    result switch
                    {
                        LzmaResult.BufferError => "xz: the data ends too early",
                        LzmaResult.MemoryLimit => "xz: decoding needs more memory than allowed",
                        LzmaResult.FormatError => "xz: this is not xz data",
                        LzmaResult.OptionsError => "xz: options that liblzma does not support",
                        _ => "xz: the data is damaged",
                    }
                );
        }
    }

    protected override void FreeDecoder()
    {
        Lzma.End(_stream);
        NativeMemory.Free(_stream);
        _stream = null;
    }
}
