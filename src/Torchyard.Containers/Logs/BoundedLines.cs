using System.Text;

namespace Torchyard.Containers.Logs;

/// <summary>
/// The lines of a file that another program writes. A line of more than 64 KiB is given in parts: a file without line ends, or one full of
/// holes, takes no more memory than any other.
/// </summary>
/// <param name="file">The file; read from where it stands.</param>
internal sealed class BoundedLines(Stream file)
{
    private const int MostCharacters = 64 * 1024;

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly byte[] _bytes = new byte[32 * 1024];
    private readonly char[] _characters = new char[(32 * 1024) + 1];
    private readonly StringBuilder _line = new();

    /// <summary>The lines up to the file's end of now; one that is not ended yet comes with a later call.</summary>
    public IEnumerable<string> Read(CancellationToken cancellation)
    {
        int read;
        while ((read = file.Read(_bytes)) > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var count = _decoder.GetChars(_bytes.AsSpan(0, read), _characters, flush: false);
            for (var start = 0; start < count; )
            {
                var end = Array.IndexOf(_characters, '\n', start, count - start);
                var take = Math.Min((end < 0 ? count : end) - start, MostCharacters - _line.Length);
                _line.Append(_characters, start, take);
                start += take;
                if (start == end)
                {
                    start++;
                    yield return Take();
                }
                else if (_line.Length == MostCharacters)
                {
                    yield return Take();
                }
            }
        }
    }

    /// <summary>The last line, when no line end follows it.</summary>
    public string? Rest() => _line.Length > 0 ? Take() : null;

    private string Take()
    {
        var text = _line.Length > 0 && _line[^1] == '\r' ? _line.ToString(0, _line.Length - 1) : _line.ToString();
        _line.Clear();
        return text;
    }
}
