using System.IO.Compression;

namespace Torchyard.Platform.Compression;

/// <summary>
/// Decodes gzip, several members included. The framework's GZipStream passes a truncated stream off as a short one and ignores what follows
/// the last member, so a member of our own is appended to the source: only if its content comes out as the very last bytes was the source whole.
/// </summary>
internal sealed class GzipDecoderStream : Stream
{
    private static readonly byte[] Mark = Guid.NewGuid().ToByteArray();
    private static readonly byte[] MarkMember = MakeMarkMember();

    private readonly GZipStream _decoder;
    private readonly Appended _input;
    // Decoded bytes that are not handed out yet, because they may turn out to be the mark.
    private readonly byte[] _held = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _ended;

    public GzipDecoderStream(Stream source, bool leaveOpen)
    {
        _input = new Appended(source, leaveOpen);
        _decoder = new GZipStream(_input, CompressionMode.Decompress);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (!_ended && _end - _start <= Mark.Length)
        {
            _held.AsSpan(_start.._end).CopyTo(_held);
            _end -= _start;
            _start = 0;
            var read = _decoder.Read(_held.AsSpan(_end));
            _end += read;
            if (read == 0)
            {
                if (_input.SourceLength == 0 || !_held.AsSpan(_start.._end).EndsWith(Mark))
                {
                    throw new InvalidDataException("gzip: the data ends too early, or something else follows it");
                }

                _end -= Mark.Length;
                _ended = true;
            }
        }

        var available = _ended ? _end - _start : _end - _start - Mark.Length;
        var count = Math.Min(buffer.Length, available);
        _held.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _decoder.Dispose();
        }

        base.Dispose(disposing);
    }

    private static byte[] MakeMarkMember()
    {
        using var member = new MemoryStream();
        using (var encoder = new GZipStream(member, CompressionLevel.Fastest))
        {
            encoder.Write(Mark);
        }

        return member.ToArray();
    }

    /// <summary>The source, then the mark's member.</summary>
    private sealed class Appended(Stream source, bool leaveOpen) : Stream
    {
        private int _markRead;

        public long SourceLength { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = _markRead == 0 ? source.Read(buffer) : 0;
            SourceLength += read;
            if (read > 0)
            {
                return read;
            }

            var count = Math.Min(buffer.Length, MarkMember.Length - _markRead);
            MarkMember.AsSpan(_markRead, count).CopyTo(buffer);
            _markRead += count;
            return count;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing && !leaveOpen)
            {
                source.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
