using System.Buffers;
using System.Globalization;
using System.Text;

namespace Torchyard.Containers.Logs;

/// <summary>
/// Writes a container's output in the log format of Kubernetes' CRI: <c>TIME STREAM F|P TEXT</c> a line, P for a part of a longer line.
/// Rotates by size, so a chatty program cannot fill the disk.
/// </summary>
/// <param name="path">The log; older ones are <c>PATH.1</c> and <c>PATH.2</c>.</param>
/// <param name="clock">Clock of the time stamps.</param>
/// <param name="maximumBytes">Size at which a log is rotated.</param>
internal sealed class LogWriter(string path, TimeProvider clock, long maximumBytes = LogWriter.DefaultMaximumBytes) : IDisposable
{
    /// <summary>16 MiB; with two older logs, a container's output takes at most 48 MiB.</summary>
    public const long DefaultMaximumBytes = 16L << 20;

    /// <summary>Older logs that are kept.</summary>
    public const int Kept = 2;

    private const int MaximumLine = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ArrayBufferWriter<byte>> _partial = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _out = new();
    private FileStream _file = Open(path);

    /// <summary>Adds what a stream printed.</summary>
    /// <param name="stream"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="data">Bytes as they came.</param>
    public void Write(string stream, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (!_partial.TryGetValue(stream, out var line))
            {
                _partial[stream] = line = new ArrayBufferWriter<byte>();
            }

            while (data.Length > 0)
            {
                var end = data.IndexOf((byte)'\n');
                var take = Math.Min(end < 0 ? data.Length : end, MaximumLine - line.WrittenCount);
                line.Write(data[..take]);
                data = data[take..];
                if (data.Length > 0 && data[0] == (byte)'\n')
                {
                    Emit(stream, line, 'F');
                    data = data[1..];
                }
                else if (line.WrittenCount == MaximumLine)
                {
                    Emit(stream, line, 'P');
                }
            }

            Flush();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var (stream, line) in _partial)
            {
                if (line.WrittenCount > 0)
                {
                    Emit(stream, line, 'P');
                }
            }

            Flush();
            _file.Dispose();
        }
    }

    private void Emit(string stream, ArrayBufferWriter<byte> line, char tag)
    {
        _out.Write(
            Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffffff}00Z {stream} {tag} ")
            )
        );
        _out.Write(line.WrittenSpan);
        _out.Write("\n"u8);
        line.ResetWrittenCount();
    }

    private void Flush()
    {
        if (_out.WrittenCount == 0)
        {
            return;
        }

        if (_file.Length > 0 && _file.Length + _out.WrittenCount > maximumBytes)
        {
            Rotate();
        }

        // One write for all lines of a chunk: a reader never sees half a line, but for a full disk.
        _file.Write(_out.WrittenSpan);
        _out.ResetWrittenCount();
    }

    private void Rotate()
    {
        _file.Dispose();
        for (var i = Kept; i > 0; i--)
        {
            var newer = i == 1 ? path : string.Create(CultureInfo.InvariantCulture, $"{path}.{i - 1}");
            if (File.Exists(newer))
            {
                File.Move(newer, string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"), overwrite: true);
            }
        }

        _file = Open(path);
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
