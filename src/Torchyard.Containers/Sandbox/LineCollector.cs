using System.Text;

namespace Torchyard.Containers.Sandbox;

/// <summary>Splits what a program prints into lines and keeps the tail; memory is bounded whatever the program prints.</summary>
/// <param name="onLine">Gets each line.</param>
internal sealed class LineCollector(Action<string>? onLine)
{
    /// <summary>Longest line; a longer one is cut into several.</summary>
    private const int MaximumLine = 16 * 1024;

    private const int TailLength = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly Queue<string> _tail = new();
    private int _tailLength;

    /// <summary>The last lines, at most 16 KiB.</summary>
    public string Tail
    {
        get
        {
            lock (_gate)
            {
                return string.Join('\n', _tail);
            }
        }
    }

    /// <summary>Reads a stream to its end.</summary>
    public async Task ReadAsync(StreamReader reader)
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        int read;
        while ((read = await reader.ReadAsync(buffer)) > 0)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] == '\n' || line.Length == MaximumLine)
                {
                    Emit(line);
                }

                if (buffer[i] != '\n')
                {
                    line.Append(buffer[i]);
                }
            }
        }

        if (line.Length > 0)
        {
            Emit(line);
        }
    }

    private void Emit(StringBuilder line)
    {
        var text = line.ToString().TrimEnd('\r');
        line.Clear();
        lock (_gate)
        {
            _tail.Enqueue(text);
            _tailLength += text.Length + 1;
            while (_tailLength > TailLength)
            {
                _tailLength -= _tail.Dequeue().Length + 1;
            }

            onLine?.Invoke(text);
        }
    }
}
