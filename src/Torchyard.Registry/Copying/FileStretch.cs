using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Streams;

namespace Torchyard.Registry.Copying;

/// <summary>A stretch of a file that others read as well; it does not own the file.</summary>
internal sealed class FileStretch(SafeFileHandle file, long offset, long size) : ForwardReadStream
{
    private long _position;

    public override int Read(Span<byte> buffer)
    {
        var read = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, size - _position)], offset + _position);
        _position += read;
        return read;
    }
}
