using System.Buffers;
using System.Collections.Concurrent;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Streams;

namespace Torchyard.Platform.Compression;

/// <summary>
/// Compresses what is written to it on all cores: the input is cut into blocks of a fixed size, each becomes a frame (zstd) or member (gzip) of
/// its own, and the frames are written in order. The output depends on the input, format and level alone, never on the number of cores or on how
/// the writes were cut. Both formats define a sequence of frames as one stream (RFC 8878 section 3; RFC 1952 section 2.2).
/// </summary>
/// <remarks>Not thread-safe. Memory: at most about twice <see cref="BlockSize"/> for each block in flight.</remarks>
public sealed class FrameCompressionStream : ForwardWriteStream
{
    /// <summary>Input bytes of a frame. Part of the image format: changing it changes every digest.</summary>
    public const int BlockSize = 4 << 20;

    private readonly Stream _sink;
    private readonly CompressionFormat _format;
    private readonly int _level;
    private readonly bool _leaveOpen;
    private readonly int _blocksInFlight;
    private readonly Queue<Block> _queue = new();
    private readonly ConcurrentBag<FrameCodec> _idleCodecs = [];
    private byte[]? _buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
    private int _filled;
    private bool _wroteAny;
    private long _compressionTicks;
    private long _ownCompressionTicks;

    /// <summary>Starts a compressed stream.</summary>
    /// <param name="sink">Takes the compressed bytes; written to by the thread that writes here.</param>
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
        _blocksInFlight = Math.Max(1, blocksInFlight ?? Environment.ProcessorCount);
        _idleCodecs.Add(FrameCodec.Create(format, level));
    }

    /// <summary>CPU time that compressing took so far, on all threads.</summary>
    public TimeSpan CompressionTime => new(Interlocked.Read(ref _compressionTicks));

    /// <summary>The part of <see cref="CompressionTime"/> that the thread spent that writes here, because no other one had begun.</summary>
    public TimeSpan OwnCompressionTime => new(_ownCompressionTicks);

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

    /// <summary>Does nothing: a frame ends when its block is full, so that flushing cannot change the output.</summary>

    /// <summary>Writes the last frames. Without this call (an error in between) the stream is left unfinished on purpose.</summary>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        if (_filled > 0 || !_wroteAny)
        {
            QueueBlock();
        }

        while (_queue.Count > 0)
        {
            WriteOldest();
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
            foreach (var block in _queue)
            {
                block.WaitOrRun();
                block.Dispose();
            }

            _queue.Clear();
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

    private void QueueBlock()
    {
        var block = new Block(this, _buffer!, _filled);
        _buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        _filled = 0;
        _wroteAny = true;
        _queue.Enqueue(block);
        if (_blocksInFlight > 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(block, preferLocal: false);
        }

        // Whatever is finished leaves memory at once; only when too much is in flight is there a wait.
        while (_queue.Count > 0 && (_queue.Count >= _blocksInFlight || _queue.Peek().IsDone))
        {
            WriteOldest();
        }
    }

    private void WriteOldest()
    {
        var block = _queue.Dequeue();
        try
        {
            block.WaitOrRun();
            _sink.Write(block.Result);
        }
        finally
        {
            block.Dispose();
        }
    }

    /// <summary>A block on its way. Whoever comes first compresses it: a pool thread, or the writer that needs the result.</summary>
    private sealed class Block(FrameCompressionStream owner, byte[] input, int length) : IThreadPoolWorkItem, IDisposable
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _claimed;
        private byte[]? _output;
        private int _outputLength;
        private long _ticks;
        private Exception? _failure;

        public bool IsDone => _done.Task.IsCompleted;

        public ReadOnlySpan<byte> Result => _failure is null
            ? _output.AsSpan(0, _outputLength)
            : throw new InvalidDataException("a block could not be compressed", _failure);

        public void Execute() => TryRun();

        public void WaitOrRun()
        {
            if (TryRun())
            {
                owner._ownCompressionTicks += _ticks;
            }

            _done.Task.Wait();
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
