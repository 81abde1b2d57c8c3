using System.Buffers.Binary;

namespace Torchyard.Containers.Sockets;

/// <summary>Kinds of frames between a monitor and its clients.</summary>
internal enum AttachKind : byte
{
    /// <summary>Bytes for the program's standard input.</summary>
    Input = 0,

    /// <summary>Bytes of its standard output, or of its terminal.</summary>
    Output = 1,

    /// <summary>Bytes of its standard error.</summary>
    Error = 2,

    /// <summary>Terminal size: rows, columns, 16 bits each.</summary>
    Resize = 3,

    /// <summary>The client is ready; the program may start.</summary>
    Start = 4,

    /// <summary>The program ended; exit status, 32 bits, and how many bytes of its input it has read, 64 bits.</summary>
    Exit = 5,

    /// <summary>End of standard input.</summary>
    EndOfInput = 6,

    /// <summary>The program could not start: code, message and cure, separated by tabs.</summary>
    Failure = 7,

    /// <summary>Nobody reads the program's output any more; the kind of the stream, 8 bits.</summary>
    OutputClosed = 8,
}

/// <summary>Frames: one byte kind, 32 bits length (big endian), payload.</summary>
internal static class AttachFrame
{
    /// <summary>Largest payload; a longer one is a broken peer.</summary>
    public const int MaximumPayload = 64 * 1024;

    private const int HeaderLength = 5;

    /// <summary>A frame as bytes.</summary>
    public static byte[] Encode(AttachKind kind, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, MaximumPayload);
        var frame = new byte[HeaderLength + payload.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame.AsSpan(HeaderLength));
        return frame;
    }

    /// <summary>Terminal size.</summary>
    public static byte[] Resize(ushort rows, ushort columns)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(payload, rows);
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], columns);
        return Encode(AttachKind.Resize, payload);
    }

    /// <summary>Exit status, and how much of its input the program has read.</summary>
    public static byte[] Exit(int code, long inputRead)
    {
        Span<byte> payload = stackalloc byte[12];
        BinaryPrimitives.WriteInt32BigEndian(payload, code);
        BinaryPrimitives.WriteInt64BigEndian(payload[4..], inputRead);
        return Encode(AttachKind.Exit, payload);
    }

    /// <summary>Reads the next frame; null at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">The peer does not speak this protocol.</exception>
    public static async Task<(AttachKind Kind, byte[] Payload)?> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var header = new byte[HeaderLength];
        if (await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellation) < HeaderLength)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1));
        if (header[0] > (byte)AttachKind.OutputClosed || length is < 0 or > MaximumPayload)
        {
            throw new InvalidDataException("the attach socket sent no frame");
        }

        var payload = new byte[length];
        return await stream.ReadAtLeastAsync(payload, length, throwOnEndOfStream: false, cancellation) < length
            ? null
            : ((AttachKind)header[0], payload);
    }
}
