using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Wheels;

/// <summary>
/// The content of a wheel's file on its way into the tar: read once, hashed against RECORD, and written into the mounted form. The last
/// bytes are handed out only after size, CRC-32 and hash have turned out right.
/// </summary>
/// <param name="plan">The wheel's plan.</param>
/// <param name="file">The file.</param>
/// <param name="content">Its decoded content; owned.</param>
/// <param name="mounted">File of the mounted form, or null.</param>
/// <param name="hashBeside">Hash on a thread of its own: faster where cores are free, and not worth it for small files.</param>
internal sealed class WheelContentStream(InstallPlan plan, WheelFile file, Stream content, SafeFileHandle? mounted, bool hashBeside = false) : ForwardReadStream
{
    private readonly BackgroundHash? _beside = hashBeside ? new BackgroundHash(Algorithm(file)) : null;
    private readonly IncrementalHash? _hash = hashBeside ? null : IncrementalHash.CreateHash(Algorithm(file));
    private long _position;

    public override long Length => file.Entry.Size;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var read = content.Read(buffer);
        if (read == 0)
        {
            return 0;
        }

        _hash?.AppendData(buffer[..read]);
        _beside?.Append(buffer[..read]);
        if (mounted is not null)
        {
            RandomAccess.Write(mounted, buffer[..read], _position);
        }

        _position += read;
        if (_position == file.Entry.Size)
        {
            RequireEnd();
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash?.Dispose();
            _beside?.Dispose();
            content.Dispose();
        }

        base.Dispose(disposing);
    }

    private static HashAlgorithmName Algorithm(WheelFile file) => file.Hash?.Algorithm ?? HashAlgorithmName.SHA256;

    /// <summary>Reading the end makes the decoder check what it can only check there.</summary>
    private void RequireEnd()
    {
        Span<byte> rest = stackalloc byte[1];
        if (content.Read(rest) != 0)
        {
            throw new InvalidDataException($"'{file.Entry.Name}' is longer than the archive lists");
        }

        WheelFileHash.RequireHash(plan.Wheel, file, _beside?.Finish() ?? _hash!.GetHashAndReset());
    }
}
