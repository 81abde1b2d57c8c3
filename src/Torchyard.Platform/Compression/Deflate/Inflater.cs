using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Torchyard.Platform.Compression.Deflate;

/// <summary>Why <see cref="Inflater.Decode"/> came back.</summary>
internal enum InflateStatus
{
    /// <summary>It needs more input than it was given.</summary>
    NeedsInput,

    /// <summary>The output is as full as was asked for.</summary>
    OutputFull,

    /// <summary>The last block has ended.</summary>
    Ended,
}

/// <summary>
/// Decodes raw deflate data (RFC 1951) piece by piece. The framework's decoder (zlib-ng) takes the larger part of the time of everything
/// that installs wheels or unpacks gzip layers; this one is built like libdeflate's, about 1.4 times as fast, but with bounded memory.
/// </summary>
/// <remarks>
/// Distances reach back into the output buffer, so the last <see cref="WindowSize"/> bytes stay in front of what comes next. Whatever the
/// input is, nothing outside the two buffers is touched: each step of the inner loop takes at most <see cref="InputReserve"/> bytes and
/// gives at most <see cref="OutputReserve"/>, and begins only where both fit.
/// </remarks>
internal sealed unsafe class Inflater
{
    /// <summary>How far back a distance can reach.</summary>
    public const int WindowSize = 32 * 1024;

    /// <summary>Bytes that must be readable behind the input; zeros where the input is the last.</summary>
    public const int InputReserve = 64;

    /// <summary>
    /// Bytes that must be writable behind the limit of the output: two literals, a match of 258, and copying by whole words.
    /// </summary>
    public const int OutputReserve = 320;

    /// <summary>
    /// Input that a call gets at least, unless it is the last: the head of a block is read in one go (at most 320 codes of 14 bits).
    /// </summary>
    public const int MinimumInput = 1024;

    private const int LiteralBits = 11;
    private const int DistanceBits = 8;
    private const int CodeLengthBits = 7;

    // zlib's "enough" for 288 symbols and 11 bits, and for 32 symbols and 8 bits.
    private const int LiteralEntries = 2342;
    private const int DistanceEntries = 402;

    // Input bytes that one step of the loop can load: four times eight.
    private const int StepInput = 32;

    // The tables are pinned and thus long-lived; a wheel has thousands of small files.
    private static readonly ConcurrentBag<Inflater> Idle = [];

    private readonly uint[] _literals = GC.AllocateUninitializedArray<uint>(LiteralEntries, pinned: true);
    private readonly uint[] _distances = GC.AllocateUninitializedArray<uint>(DistanceEntries, pinned: true);
    private readonly uint[] _codeLengths = GC.AllocateUninitializedArray<uint>(1 << CodeLengthBits, pinned: true);
    private readonly ushort[] _sorted = GC.AllocateUninitializedArray<ushort>(DeflateCodes.LiteralLengths, pinned: true);

    private ulong _bits;
    private uint _count;
    private bool _inCompressed;
    private int _stored = -1;
    private bool _isFinal;

    private Inflater() { }

    /// <summary>Gives a decoder at the start of a stream.</summary>
    public static Inflater Rent()
    {
        if (!Idle.TryTake(out var inflater))
        {
            return new Inflater();
        }

        inflater.Reset();
        return inflater;
    }

    /// <summary>Takes a decoder back; it must not be used any more.</summary>
    public static void Return(Inflater inflater) => Idle.Add(inflater);

    /// <summary>Goes back to the start of a stream.</summary>
    public void Reset()
    {
        _bits = 0;
        _count = 0;
        _inCompressed = false;
        _stored = -1;
        _isFinal = false;
    }

    /// <summary>Decodes until the output is full, the input is used up or the last block ends.</summary>
    /// <param name="input">Buffer with <see cref="InputReserve"/> bytes behind <paramref name="inputEnd"/>.</param>
    /// <param name="inputStart">Next byte; set to what is left. Bytes that are left must be given again, in front of new ones.</param>
    /// <param name="inputEnd">End of the input.</param>
    /// <param name="last">True when nothing follows; the reserve must be zeros then.</param>
    /// <param name="output">Buffer with <see cref="OutputReserve"/> bytes behind <paramref name="outputLimit"/>.</param>
    /// <param name="history">Where the decoded bytes in front of <paramref name="outputEnd"/> begin.</param>
    /// <param name="outputEnd">End of the decoded bytes; may end up beyond the limit, by less than the reserve.</param>
    /// <param name="outputLimit">Comes back when the output has got here.</param>
    /// <exception cref="InvalidDataException">Damaged or truncated data.</exception>
    public InflateStatus Decode(
        byte[] input,
        ref int inputStart,
        int inputEnd,
        bool last,
        byte[] output,
        int history,
        ref int outputEnd,
        int outputLimit
    )
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputEnd, input.Length - InputReserve);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(outputLimit, output.Length - OutputReserve);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)inputStart, (uint)inputEnd);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)history, (uint)outputEnd);
        if (outputEnd >= outputLimit)
        {
            return InflateStatus.OutputFull;
        }

        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            var source = new Source
            {
                At = from + inputStart,
                End = from + inputEnd,
                Last = last,
            };
            var target = to + outputEnd;
            var status = Run(ref source, to + history, ref target, to + outputLimit);
            inputStart = (int)((source.At < source.End ? source.At : source.End) - from);
            outputEnd = (int)(target - to);
            return status;
        }
    }

    private InflateStatus Run(ref Source source, byte* history, ref byte* target, byte* limit)
    {
        while (true)
        {
            if (_inCompressed)
            {
                if (!DecodeBlock(ref source, history, ref target, limit))
                {
                    return target >= limit ? InflateStatus.OutputFull : InflateStatus.NeedsInput;
                }

                _inCompressed = false;
            }
            else if (_stored >= 0)
            {
                if (!CopyStored(ref source, ref target, limit))
                {
                    return target >= limit ? InflateStatus.OutputFull : InflateStatus.NeedsInput;
                }

                _stored = -1;
            }
            else
            {
                if (!source.Last && source.End - source.At < MinimumInput)
                {
                    return InflateStatus.NeedsInput;
                }

                StartBlock(ref source);
                continue;
            }

            if (_isFinal)
            {
                GiveBack(ref source);
                return InflateStatus.Ended;
            }
        }
    }

    private void StartBlock(ref Source source)
    {
        _isFinal = Take(ref source, 1) != 0;
        var kind = Take(ref source, 2);
        switch (kind)
        {
            case 0:
                _ = Take(ref source, (int)(_count & 7));
                GiveBack(ref source);
                var length = (int)Take(ref source, 16);
                if (Take(ref source, 16) != (uint)(length ^ 0xFFFF))
                {
                    throw new InvalidDataException("deflate: the length of a stored block is damaged");
                }

                GiveBack(ref source);
                _stored = length;
                return;
            case 1:
                Span<byte> lengths = stackalloc byte[DeflateCodes.LiteralLengths];
                Span<byte> distances = stackalloc byte[DeflateCodes.Distances];
                DeflateCodes.FixedLengths(lengths, distances);
                BuildTables(lengths, distances);
                break;
            case 2:
                ReadCodes(ref source);
                break;
            default:
                throw new InvalidDataException("deflate: a block of unknown kind");
        }

        _inCompressed = true;
    }

    private void ReadCodes(ref Source source)
    {
        var literals = (int)Take(ref source, 5) + 257;
        var distances = (int)Take(ref source, 5) + 1;
        var codes = (int)Take(ref source, 4) + 4;
        if (literals > 286 || distances > 30)
        {
            throw new InvalidDataException("deflate: a block with too many codes");
        }

        Span<byte> own = stackalloc byte[DeflateCodes.CodeLengths];
        own.Clear();
        for (var index = 0; index < codes; index++)
        {
            own[DeflateCodes.CodeLengthOrder[index]] = (byte)Take(ref source, 3);
        }

        var table = Pinned(_codeLengths);
        HuffmanTable.Build(table, CodeLengthBits, own, DeflateCodes.CodeLengthResults, Pinned(_sorted), mayBeIncomplete: false);
        Span<byte> lengths = stackalloc byte[286 + 30];
        var total = literals + distances;
        for (var index = 0; index < total; )
        {
            Fill(ref source);
            var entry = table[_bits & ((1 << CodeLengthBits) - 1)];
            if ((entry & HuffmanTable.Exceptional) != 0)
            {
                throw new InvalidDataException("deflate: the code lengths are damaged");
            }

            Drop((int)(entry & 0xFF));
            var symbol = entry >> 16;
            if (symbol < 16)
            {
                lengths[index++] = (byte)symbol;
                continue;
            }

            var (repeat, value) = symbol switch
            {
                16 => (
                    3 + (int)Take(ref source, 2),
                    index > 0 ? lengths[index - 1] : throw new InvalidDataException("deflate: nothing to repeat")
                ),
                17 => (3 + (int)Take(ref source, 3), (byte)0),
                _ => (11 + (int)Take(ref source, 7), (byte)0),
            };
            if (repeat > total - index)
            {
                throw new InvalidDataException("deflate: more code lengths than codes");
            }

            lengths.Slice(index, repeat).Fill(value);
            index += repeat;
        }

        if (lengths[DeflateCodes.EndOfBlockSymbol] == 0)
        {
            throw new InvalidDataException("deflate: a block that cannot end");
        }

        BuildTables(lengths[..literals], lengths.Slice(literals, distances));
    }

    private void BuildTables(ReadOnlySpan<byte> literals, ReadOnlySpan<byte> distances)
    {
        HuffmanTable.Build(
            Pinned(_literals),
            LiteralBits,
            literals,
            DeflateCodes.LiteralLengthResults,
            Pinned(_sorted),
            mayBeIncomplete: true
        );
        HuffmanTable.Build(
            Pinned(_distances),
            DistanceBits,
            distances,
            DeflateCodes.DistanceResults,
            Pinned(_sorted),
            mayBeIncomplete: true
        );
    }

    private bool CopyStored(ref Source source, ref byte* target, byte* limit)
    {
        var count = (int)Math.Min(Math.Min(source.End - source.At, limit - target), _stored);
        Buffer.MemoryCopy(source.At, target, count, count);
        source.At += count;
        target += count;
        _stored -= count;
        if (_stored > 0 && source.Last && source.At == source.End)
        {
            throw Truncated();
        }

        return _stored == 0;
    }

    /// <summary>The inner loop. True at the end of the block; false when input or output are used up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private bool DecodeBlock(ref Source source, byte* history, ref byte* target, byte* limit)
    {
        const ulong LiteralMask = (1 << LiteralBits) - 1;
        const ulong DistanceMask = (1 << DistanceBits) - 1;
        var literals = Pinned(_literals);
        var distances = Pinned(_distances);
        var at = source.At;
        // The last input may run into its reserve of zeros: what really was there is checked at the end.
        var inputLimit = source.Last ? source.End + (InputReserve - StepInput - 8) : source.End - StepInput - 8;
        var output = target;
        var bits = _bits;
        var count = _count;
        var ended = false;
        while (at <= inputLimit && output < limit)
        {
            // Only the low byte of count has a meaning: whole entries are subtracted from it. At least 56 bits are there after this.
            bits |= Unsafe.ReadUnaligned<ulong>(at) << (int)count;
            at += 7 - ((count >> 3) & 7);
            count |= 56;

            var entry = literals[bits & LiteralMask];
            var saved = bits;
            bits >>= (int)entry;
            count -= entry;
            if ((int)entry < 0)
            {
                *output++ = (byte)(entry >> 16);
                entry = literals[bits & LiteralMask];
                saved = bits;
                bits >>= (int)entry;
                count -= entry;
                if ((int)entry < 0)
                {
                    *output++ = (byte)(entry >> 16);
                    entry = literals[bits & LiteralMask];
                    saved = bits;
                    bits >>= (int)entry;
                    count -= entry;
                    if ((int)entry < 0)
                    {
                        *output++ = (byte)(entry >> 16);
                        continue;
                    }
                }
            }

            if ((entry & HuffmanTable.Exceptional) != 0)
            {
                if ((entry & HuffmanTable.Subtable) != 0)
                {
                    entry = literals[(entry >> 16) + (bits & ((1UL << (int)((entry >> 8) & 15)) - 1))];
                    saved = bits;
                    bits >>= (int)entry;
                    count -= entry;
                    if ((int)entry < 0)
                    {
                        *output++ = (byte)(entry >> 16);
                        continue;
                    }
                }

                if ((entry & HuffmanTable.Exceptional) != 0)
                {
                    if ((entry & HuffmanTable.EndOfBlock) == 0)
                    {
                        throw new InvalidDataException("deflate: a code that is not in use");
                    }

                    ended = true;
                    break;
                }
            }

            var length = (entry >> 16) + (uint)((saved & ((1UL << (int)entry) - 1)) >> (int)(entry >> 8));

            // A distance whose code is in the table takes at most 8 + 13 bits; they are nearly always there.
            if ((byte)count < DistanceBits + 13)
            {
                bits |= Unsafe.ReadUnaligned<ulong>(at) << (int)count;
                at += 7 - ((count >> 3) & 7);
                count |= 56;
            }

            entry = distances[bits & DistanceMask];
            if ((entry & HuffmanTable.Exceptional) != 0)
            {
                if ((entry & HuffmanTable.Subtable) == 0)
                {
                    throw new InvalidDataException("deflate: a distance that is not in use");
                }

                bits >>= DistanceBits;
                count -= DistanceBits;
                bits |= Unsafe.ReadUnaligned<ulong>(at) << (int)count;
                at += 7 - ((count >> 3) & 7);
                count |= 56;
                entry = distances[(entry >> 16) + (bits & ((1UL << (int)((entry >> 8) & 15)) - 1))];
                if ((entry & HuffmanTable.Exceptional) != 0)
                {
                    throw new InvalidDataException("deflate: a distance that is not in use");
                }
            }

            saved = bits;
            bits >>= (int)entry;
            count -= entry;
            var distance = (entry >> 16) + (uint)((saved & ((1UL << (int)entry) - 1)) >> (int)(entry >> 8));
            if (distance > output - history)
            {
                throw new InvalidDataException("deflate: a distance leads in front of the data");
            }

            Copy(output, distance, length);
            output += length;
        }

        // Whole bytes that were loaded and not used stay in the input; what is above the count is not kept.
        count &= 0xFF;
        at -= count >> 3;
        count &= 7;
        bits &= (1UL << (int)count) - 1;
        source.At = at;
        target = output;
        _bits = bits;
        _count = count;
        if (source.Last && (at > source.End || (!ended && output < limit)))
        {
            throw Truncated();
        }

        return ended;
    }

    /// <summary>Copies a match by whole words; writes up to 39 bytes beyond it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(byte* target, uint distance, uint length)
    {
        var source = target - distance;
        var end = target + length;
        if (distance >= 8)
        {
            Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<ulong>(source));
            Unsafe.WriteUnaligned(target + 8, Unsafe.ReadUnaligned<ulong>(source + 8));
            target += 16;
            source += 16;
            while (target < end)
            {
                Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<ulong>(source));
                Unsafe.WriteUnaligned(target + 8, Unsafe.ReadUnaligned<ulong>(source + 8));
                target += 16;
                source += 16;
            }
        }
        else if (distance == 1)
        {
            var word = *source * 0x0101_0101_0101_0101UL;
            do
            {
                Unsafe.WriteUnaligned(target, word);
                target += 8;
            } while (target < end);
        }
        else
        {
            do
            {
                // Each word repeats the pattern at least once: go on by one pattern.
                Unsafe.WriteUnaligned(target, Unsafe.ReadUnaligned<ulong>(source));
                target += distance;
                source += distance;
            } while (target < end);
        }
    }

    private static uint* Pinned(uint[] array) => (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));

    private static ushort* Pinned(ushort[] array) => (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));

    private static InvalidDataException Truncated() => new("deflate: the data ends too early");

    /// <summary>
    /// Loads bytes until more than 32 bits are there, or the input ends; beyond the last input there are zeros for a while.
    /// </summary>
    private void Fill(ref Source source)
    {
        while (_count <= 32)
        {
            if (source.At >= source.End && (!source.Last || source.At >= source.End + 8))
            {
                throw Truncated();
            }

            _bits |= (ulong)*source.At++ << (int)_count;
            _count += 8;
        }
    }

    private uint Take(ref Source source, int count)
    {
        Fill(ref source);
        var value = (uint)_bits & ((1u << count) - 1);
        Drop(count);
        return value;
    }

    private void Drop(int count)
    {
        _bits >>= count;
        _count -= (uint)count;
    }

    /// <summary>Gives whole bytes back that were loaded and not used.</summary>
    private void GiveBack(ref Source source)
    {
        source.At -= _count >> 3;
        _count &= 7;
        _bits &= (1UL << (int)_count) - 1;
        if (source.At > source.End)
        {
            throw Truncated();
        }
    }

    private ref struct Source
    {
        public byte* At;
        public byte* End;
        public bool Last;
    }
}
