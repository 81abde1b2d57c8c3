using System.Globalization;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Logs;

/// <summary>A log file of bounded size: when it is full it becomes <c>NAME.1</c>, that one <c>NAME.2</c>, and the oldest goes.</summary>
internal sealed class RotatingLog : IDisposable
{
    private readonly long _limit;
    private readonly int _kept;
    private int _descriptor = -1;
    private long _size;
    private bool _isWithinLine;

    public RotatingLog(string path, long limit, int kept)
    {
        Path = path;
        _limit = limit;
        _kept = kept;
        Open();
    }

    public string Path { get; }

    /// <summary>Bytes that could not be written, for want of space.</summary>
    public long Lost { get; private set; }

    /// <summary>
    /// Adds bytes. A file ends with a whole line, even if that line goes beyond its limit; only one longer than a file is split.
    /// </summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = _limit - _size;
            if ((room <= 0 && !_isWithinLine) || _size >= 2 * _limit)
            {
                Rotate();
                continue;
            }

            var length = bytes.Length;
            if (length > room)
            {
                var lastEnd = bytes[..(int)Math.Max(0, room)].LastIndexOf((byte)'\n');
                var firstEnd = bytes.IndexOf((byte)'\n');
                if (lastEnd >= 0)
                {
                    length = lastEnd + 1;
                }
                else if (_size > 0 && !_isWithinLine)
                {
                    Rotate();
                    continue;
                }
                else
                {
                    length = (int)Math.Min(firstEnd < 0 ? length : firstEnd + 1, (2 * _limit) - _size);
                }
            }

            Append(bytes[..length]);
            bytes = bytes[length..];
        }
    }

    /// <summary>Gives the last lines, older files included, oldest first.</summary>
    public static IReadOnlyList<byte[]> Tail(string path, int lines, int kept)
    {
        const int MostBytes = 1 << 20;
        var found = new List<byte[]>();
        for (var i = 0; i <= kept && found.Count < lines; i++)
        {
            byte[] content;
            try
            {
                content = ReadEnd(i == 0 ? path : Numbered(path, i), MostBytes);
            }
            catch (PosixException)
            {
                break;
            }

            found.InsertRange(0, LastLines(content, lines - found.Count));
        }

        return found;
    }

    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            Libc.Close(_descriptor);
        }

        _descriptor = -1;
    }

    internal static List<byte[]> LastLines(ReadOnlySpan<byte> content, int count)
    {
        var lines = new List<byte[]>();
        var rest = content.EndsWith("\n"u8) ? content[..^1] : content;
        while (lines.Count < count && content.Length > 0)
        {
            var start = rest.LastIndexOf((byte)'\n');
            lines.Add(rest[(start + 1)..].ToArray());
            if (start < 0)
            {
                break;
            }

            rest = rest[..start];
        }

        lines.Reverse();
        return lines;
    }

    private static unsafe byte[] ReadEnd(string path, int limit)
    {
        var descriptor = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenCloseOnExec, 0);
        if (descriptor < 0)
        {
            throw PosixException.Last("cannot read " + path);
        }

        try
        {
            var size = Math.Max(0, Libc.Seek(descriptor, 0, Libc.SeekEnd));
            Libc.Seek(descriptor, Math.Max(0, size - limit), Libc.SeekSet);
            var content = new byte[(int)Math.Min(size, limit)];
            var length = 0;
            while (length < content.Length)
            {
                nint got;
                fixed (byte* at = &content[length])
                {
                    got = Libc.Read(descriptor, at, (nuint)(content.Length - length));
                }

                if (got <= 0)
                {
                    break;
                }

                length += (int)got;
            }

            return content[..length];
        }
        finally
        {
            Libc.Close(descriptor);
        }
    }

    private static string Numbered(string path, int number) => path + "." + number.ToString(CultureInfo.InvariantCulture);

    private void Append(ReadOnlySpan<byte> part)
    {
        if (_descriptor < 0 || !PosixFile.WriteAll(_descriptor, part))
        {
            Lost += part.Length;
        }

        _size += part.Length;
        _isWithinLine = part[^1] != '\n';
    }

    private void Rotate()
    {
        Dispose();
        for (var i = _kept; i > 1; i--)
        {
            _ = Libc.Rename(Numbered(Path, i - 1), Numbered(Path, i));
        }

        _ = _kept > 0 ? Libc.Rename(Path, Numbered(Path, 1)) : Libc.Unlink(Path);
        Open();
        _isWithinLine = false;
    }

    private void Open()
    {
        _descriptor = Libc.Open(
            Path,
            Libc.OpenWriteOnly | Libc.OpenCreate | Libc.OpenAppend | Libc.OpenNoFollow | Libc.OpenCloseOnExec,
            0b110_100_000
        );
        _size = _descriptor < 0 ? 0 : Math.Max(0, Libc.Seek(_descriptor, 0, Libc.SeekEnd));
    }
}
