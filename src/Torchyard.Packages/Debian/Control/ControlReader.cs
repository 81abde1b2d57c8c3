using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Control;

/// <summary>
/// Walks a deb822 text (deb822(5)): stanzas of <c>Field: value</c> lines, parted by empty lines, with folded and multi-line values.
/// Holds nothing but spans of the text; a 50 MB index is read without an allocation.
/// </summary>
internal ref struct ControlReader
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly bool _comments;
    private int _position;

    /// <summary>Starts before the first stanza.</summary>
    /// <param name="text">UTF-8 text with LF line ends; CR before LF is dropped.</param>
    /// <param name="comments">True for files written by people, where a line that begins with <c>#</c> is a comment.</param>
    public ControlReader(ReadOnlySpan<byte> text, bool comments = false)
    {
        _text = text;
        _comments = comments;
        _position = 0;
    }

    /// <summary>Name of the field that was read last, as written; names compare without case.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Its value without outer white space; inner line ends and the white space after them are left as they are.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Where <see cref="Value"/> begins in the text.</summary>
    public int ValueStart { get; private set; }

    /// <summary>Where the next unread line begins.</summary>
    public readonly int Position => _position;

    /// <summary>
    /// Goes to the first field of the next stanza; false at the end of the text. What is left of the current stanza is skipped.
    /// </summary>
    public bool NextStanza()
    {
        if (_position > 0)
        {
            while (NextField()) { }
        }

        while (_position < _text.Length)
        {
            var line = Line(_position, out var next);
            if (!IsBlank(line) && !IsComment(line))
            {
                return true;
            }

            _position = next;
        }

        return false;
    }

    /// <summary>Reads the next field of the stanza; false at its end.</summary>
    /// <exception cref="TorchyardException">TY2002: a line is neither field, continuation, comment nor empty.</exception>
    public bool NextField()
    {
        ReadOnlySpan<byte> line;
        int next;
        while (true)
        {
            if (_position >= _text.Length)
            {
                return false;
            }

            line = Line(_position, out next);
            if (!IsComment(line))
            {
                break;
            }

            _position = next;
        }

        if (IsBlank(line))
        {
            return false;
        }

        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[0] is (byte)' ' or (byte)'\t' or (byte)'-' || line[..colon].IndexOfAny((byte)' ', (byte)'\t') >= 0)
        {
            throw Malformed(line);
        }

        Name = line[..colon];
        var start = _position + colon + 1;
        var end = _position + line.Length;
        _position = next;
        while (_position < _text.Length)
        {
            var more = _text[_position];
            if (more is (byte)' ' or (byte)'\t')
            {
                line = Line(_position, out next);
                if (IsBlank(line))
                {
                    // dpkg ends the stanza at a line of white space only.
                    break;
                }

                end = _position + line.Length;
                _position = next;
            }
            else if (_comments && more == (byte)'#')
            {
                Line(_position, out _position);
            }
            else
            {
                break;
            }
        }

        while (start < end && _text[start] is (byte)' ' or (byte)'\t')
        {
            start++;
        }

        while (end > start && _text[end - 1] is (byte)' ' or (byte)'\t')
        {
            end--;
        }

        ValueStart = start;
        Value = _text[start..end];
        return true;
    }

    /// <summary>True when the field read last has this name; field names compare without case.</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) => System.Text.Ascii.EqualsIgnoreCase(Name, name);

    private readonly ReadOnlySpan<byte> Line(int at, out int next)
    {
        var rest = _text[at..];
        var length = rest.IndexOf((byte)'\n');
        if (length < 0)
        {
            length = rest.Length;
            next = _text.Length;
        }
        else
        {
            next = at + length + 1;
        }

        return length > 0 && rest[length - 1] == '\r' ? rest[..(length - 1)] : rest[..length];
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.IsEmpty || line.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0;

    private readonly bool IsComment(ReadOnlySpan<byte> line) => _comments && !line.IsEmpty && line[0] == '#';

    private readonly TorchyardException Malformed(ReadOnlySpan<byte> line)
    {
        var number = _text[.._position].Count((byte)'\n') + 1;
        return new TorchyardException(
            "TY2002",
            $"line {number} is not a control field: '{ControlText.Excerpt(line)}'",
            "every line must be 'Field: value', begin with a space to continue the field before it, or be empty"
        );
    }
}
