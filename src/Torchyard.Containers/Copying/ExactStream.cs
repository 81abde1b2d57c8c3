using Torchyard.Platform.Streams;

namespace Torchyard.Containers.Copying;

/// <summary>So many bytes of a stream: what a file has got meanwhile is left out, what it has lost is zeros.</summary>
/// <param name="content">The file.</param>
/// <param name="length">How many bytes.</param>
/// <param name="shorter">Called once when there are fewer.</param>
internal sealed class ExactStream(Stream content, long length, Action shorter) : ForwardReadStream
{
    private long _left = length;
    private bool _ended;

    /// <inheritdoc />
    public override int Read(Span<byte> buffer)
    {
        var part = buffer[..(int)Math.Min(buffer.Length, _left)];
        if (part.Length == 0)
        {
            return 0;
        }

        var count = _ended ? 0 : content.Read(part);
        if (count == 0)
        {
            if (!_ended)
            {
                _ended = true;
                shorter();
            }

            part.Clear();
            count = part.Length;
        }

        _left -= count;
        return count;
    }
}
