using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Python;

/// <summary>
/// The content of a wheel's file on its way into the tar: read once, hashed against RECORD, and written into the mounted form. The last
/// bytes are handed out only after size, CRC-32 and hash have turned out right.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="content">Its decoded content; owned.</param>
/// <param name="mounted">File of the mounted form, or null.</param>
internal sealed class WheelContentStream(WheelLayerFile file, Stream content, SafeFileHandle? mounted) : ForwardReadStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(file.Algorithm);
    private long _position;
    private bool _isChecked;

    public override long Length => file.Size;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var read = content.Read(buffer);
        _hash.AppendData(buffer[..read]);
        if (mounted is not null && read > 0)
        {
            RandomAccess.Write(mounted, buffer[..read], _position);
        }

        _position += read;
        if (!_isChecked && (read == 0 || _position == file.Size))
        {
            RequireEnd();
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            content.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Reading the end makes the decoder check what it can only check there.</summary>
    private void RequireEnd()
    {
        Span<byte> rest = stackalloc byte[1];
        if (content.Read(rest) != 0)
        {
            throw new InvalidDataException($"'{file.Source!.Entry.Name}' is longer than the archive lists");
        }

        file.RequireRecord(_position, _hash.GetHashAndReset());
        _isChecked = true;
    }
}
