using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Streams;

namespace Torchyard.Platform.Compression;

/// <summary>
/// Compresses what is written to it on all cores: the input is cut into blocks of a fixed size, each becomes a frame (zstd) or member
/// (gzip) of its own, and the frames are written in order. The output depends on the input, format and level alone, never on the number of
/// cores or on how the writes were cut. Both formats define a sequence of frames as one stream (RFC 8878 section 3; RFC 1952 section 2.2).
/// </summary>
/// <remarks>
/// Not thread-safe. A thread of its own writes to the sink, so that whoever writes here waits neither for compression nor for the disk
/// until too much is in flight. Memory: at most about twice <see cref="BlockSize"/> for each block in flight.
/// </remarks>
public sealed class FrameCompressionStream : ForwardWriteStream
{
    /// <summary>Input bytes of a frame. Part of the image format: changing it changes every digest.</summary>
    public const int BlockSize = 4 << 20;

    private const int SplicedPiece = 256 * 1024;

    private readonly Stream _sink;
    private readonly CompressionFormat _format;
    private readonly int _level;
    private readonly bool _leaveOpen;
    private readonly BlockingCollection<Piece> _queue;
    private readonly ConcurrentBag<FrameCodec> _idleCodecs = [];
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int _filled;
    private bool _wroteAny;
    private Task? _writer;
    private volatile ExceptionDispatchInfo? _failure;
    private volatile bool _abandoned;
    private long _compressionTicks;
    private long _writingTicks;
    private long _ownCompressionTicks;

    /// <summary>Starts a compressed stream.</summary>
    /// <param name="sink">Takes the compressed bytes; nobody else uses it until <see cref="Complete"/> has returned.</param>
    /// <param name="format">Gzip or zstd.</param>
    /// <param name="level">Level of that compressor.</param>
    /// <param name="blocksInFlight">Most blocks compressed at a time; null for one a core.</param>
    /// <param name="leaveOpen">Keep the sink open at the end.</param>
    public FrameCompressionStream(Stream sink, CompressionFormat format, int level, int? blocksInFlight = null, bool leaveOpen = false)
    {
        _sink = sink;
        _format = format;
        _level = level;
        _leaveOpen = leaveOpen;
        _queue = new BlockingCollection<Piece>(Math.Max(1, blocksInFlight ?? Environment.ProcessorCount));
        _idleCodecs.Add(FrameCodec.Create(format, level));
    }

    /// <summary>CPU time that compressing took so far, on all threads.</summary>
    public TimeSpan CompressionTime => new(Interlocked.Read(ref _compressionTicks));

    /// <summary>The part of <see cref="CompressionTime"/> that the thread spent that writes here.</summary>
    public TimeSpan OwnCompressionTime => new(_ownCompressionTicks);

    /// <summary>CPU time of the thread that writes to the sink, without compression. Known after <see cref="Complete"/>.</summary>
    public TimeSpan WritingTime => new(Interlocked.Read(ref _writingTicks));

    /// <inheritdoc />
    public override bool CanWrite => _buffer is not null;

    /// <inheritdoc />
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        while (!buffer.IsEmpty)
        {
            var part = buffer[..Math.Min(buffer.Length, BlockSize - _filled)];
            part.CopyTo(_buffer.AsSpan(_filled));
            _filled += part.Length;
            buffer = buffer[part.Length..];
            if (_filled == BlockSize)
            {
                QueueBlock();
            }
        }
    }

    /// <summary>
    /// Puts finished frames behind what was written so far, which ends its block. They are read when their turn comes, on another thread.
    /// </summary>
    /// <param name="frames">Frames or members of the stream's format; disposed once they are written, or given up.</param>
    public void Splice(Stream frames)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_filled > 0)
        {
            QueueBlock();
        }

        _wroteAny = true;
        Queue(new Piece(null, frames));
    }

    /// <summary>Writes the last frames. Without this call (an error in between) the stream is left unfinished on purpose.</summary>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_writer is null)
        {
            // All of it is one block: nothing to do beside it.
            WriteOnly();
        }
        else
        {
            if (_filled > 0)
            {
                QueueBlock();
            }

            EndWriter();
            _failure?.Throw();
        }

        _sink.Flush();
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing && _buffer is { } rented)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(rented);
            _abandoned = true;
            EndWriter();
            _queue.Dispose();
            while (_idleCodecs.TryTake(out var codec))
            {
                codec.Dispose();
            }

            if (!_leaveOpen)
            {
                _sink.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private void CountTime(long ticks) => Interlocked.Add(ref _compressionTicks, ticks);

    private void WriteOnly()
    {
        if (_filled == 0 && _wroteAny)
        {
            return;
        }

        using var block = new Block(this, _buffer!, _filled);
        _buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        _filled = 0;
        _wroteAny = true;
        _ownCompressionTicks += block.WaitOrRun();
        _sink.Write(block.Result);
    }

    private void QueueBlock()
    {
        var block = new Block(this, _buffer!, _filled);
        _buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        _filled = 0;
        _wroteAny = true;
        if (_queue.BoundedCapacity > 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(block, preferLocal: false);
        }

        Queue(new Piece(block, null));
    }

    private void Queue(Piece piece)
    {
        _writer ??= Task.Factory.StartNew(WriteAll, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _queue.Add(piece);
        // What failed on the writer's thread, a full disk, ends the work here and not only at its end.
        _failure?.Throw();
    }

    private void EndWriter()
    {
        if (!_queue.IsAddingCompleted)
        {
            _queue.CompleteAdding();
        }

        _writer?.Wait();
    }

    private void WriteAll()
    {
        var began = ProcessorTime.OfThread();
        var compressed = 0L;
        foreach (var piece in _queue.GetConsumingEnumerable())
        {
            try
            {
                compressed += piece.Block?.WaitOrRun() ?? 0;
                if (_failure is null && !_abandoned)
                {
                    WritePiece(piece);
                }
            }
#pragma warning disable CA1031 // Thrown on the thread that writes here.
            catch (Exception failure)
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
            }
#pragma warning restore CA1031
            finally
            {
                piece.Block?.Dispose();
                piece.Frames?.Dispose();
            }
        }

        Interlocked.Exchange(ref _writingTicks, (ProcessorTime.OfThread() - began).Ticks - compressed);
    }

    private void WritePiece(Piece piece)
    {
        if (piece.Block is { } block)
        {
            _sink.Write(block.Result);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(SplicedPiece);
        try
        {
            for (int read; !_abandoned && (read = piece.Frames!.Read(buffer)) > 0; )
            {
                _sink.Write(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What comes next in the output: a block, or frames that were made elsewhere.</summary>
    private readonly record struct Piece(Block? Block, Stream? Frames);

    /// <summary>A block on its way. Whoever comes first compresses it: a pool thread, or the writer that needs the result.</summary>
    private sealed class Block(FrameCompressionStream owner, byte[] input, int length) : IThreadPoolWorkItem, IDisposable
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _claimed;
        private byte[]? _output;
        private int _outputLength;
        private long _ticks;
        private Exception? _failure;

        public ReadOnlySpan<byte> Result =>
            _failure is null
                ? _output.AsSpan(0, _outputLength)
                : throw new InvalidDataException("a block could not be compressed", _failure);

        public void Execute() => TryRun();

        /// <summary>Waits for the block, or compresses it when nobody has begun; gives the ticks of CPU time that this took here.</summary>
        public long WaitOrRun()
        {
            var here = TryRun() ? _ticks : 0;
            _done.Task.Wait();
            return here;
        }

        public void Dispose()
        {
            ArrayPool<byte>.Shared.Return(input);
            if (_output is not null)
            {
                ArrayPool<byte>.Shared.Return(_output);
                _output = null;
            }
        }

        /// <summary>Compresses; false when another thread does.</summary>
        private bool TryRun()
        {
            if (Interlocked.Exchange(ref _claimed, 1) != 0)
            {
                return false;
            }

            Compress();
            return true;
        }

        private void Compress()
        {
            var before = ProcessorTime.OfThread();
            FrameCodec? codec = null;
            try
            {
                if (!owner._idleCodecs.TryTake(out codec))
                {
                    codec = FrameCodec.Create(owner._format, owner._level);
                }

                _output = ArrayPool<byte>.Shared.Rent(codec.Bound(length));
                _outputLength = codec.Compress(input.AsSpan(0, length), _output);
                owner._idleCodecs.Add(codec);
            }
            catch (Exception failure) when (failure is InvalidDataException or OutOfMemoryException or NotSupportedException)
            {
                codec?.Dispose();
                _failure = failure;
            }
            finally
            {
                _ticks = (ProcessorTime.OfThread() - before).Ticks;
                owner.CountTime(_ticks);
                _done.SetResult();
            }
        }
    }
}
