namespace Torchyard.Packages.Debian.Indexes;

/// <summary>
/// Copies from a Packages file, as it streams through, the fields that resolving and locking need. Descriptions, tags and weaker hashes
/// make up more than half of an index.
/// </summary>
internal sealed class IndexFilter(Stream sink)
{
    // Longer than the name of any field: what a line is, its beginning alone decides, however the network cuts the file.
    private const int Beginning = 64;

    private byte[] _line = new byte[4096];
    private int _length;
    private bool _keeps;
    private bool _atLineStart = true;
    private bool _inKeptLine;

    /// <summary>Takes the next bytes of the file.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..(end + 1)];
            bytes = bytes[part.Length..];
            Take(part, end >= 0);
        }
    }

    // A line is decided on as soon as its field name is complete, so that a line of any length needs no room.
    private void Take(ReadOnlySpan<byte> part, bool isLineEnd)
    {
        if (_atLineStart)
        {
            if (_length == 0 && (isLineEnd || part.Contains((byte)':') || part.Length >= Beginning))
            {
                Decide(part);
                Copy(part);
            }
            else
            {
                Hold(part);
                var held = _line.AsSpan(0, _length);
                if (!isLineEnd && !held.Contains((byte)':') && _length < Beginning)
                {
                    return;
                }

                Decide(held);
                Copy(held);
                _length = 0;
            }

            _atLineStart = isLineEnd;
        }
        else
        {
            Copy(part);
            _atLineStart = isLineEnd;
        }
    }

    private void Hold(ReadOnlySpan<byte> part)
    {
        if (_length + part.Length > _line.Length)
        {
            Array.Resize(ref _line, _length + part.Length);
        }

        part.CopyTo(_line.AsSpan(_length));
        _length += part.Length;
    }

    private void Decide(ReadOnlySpan<byte> line)
    {
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            _inKeptLine = _keeps;
            return;
        }

        if (line[0] is (byte)'\n' or (byte)'\r')
        {
            _keeps = false;
            _inKeptLine = true;
            return;
        }

        var colon = line[..Math.Min(line.Length, Beginning)].IndexOf((byte)':');
        _keeps = colon < 0 || IsNeeded(line[..colon]);
        _inKeptLine = _keeps;
    }

    private void Copy(ReadOnlySpan<byte> part)
    {
        if (_inKeptLine)
        {
            sink.Write(part);
        }
    }

    private static bool IsNeeded(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            4 => Same(name, "Size"u8),
            6 => Same(name, "Breaks"u8) || Same(name, "SHA256"u8) || Same(name, "Source"u8),
            7 => Same(name, "Package"u8) || Same(name, "Version"u8) || Same(name, "Depends"u8),
            8 => Same(name, "Filename"u8)
                || Same(name, "Priority"u8)
                || Same(name, "Provides"u8)
                || Same(name, "Suggests"u8)
                || Same(name, "Replaces"u8)
                || Same(name, "Enhances"u8),
            9 => Same(name, "Conflicts"u8) || Same(name, "Essential"u8) || Same(name, "Important"u8) || Same(name, "Protected"u8),
            10 => Same(name, "Recommends"u8) || Same(name, "Multi-Arch"u8),
            11 => Same(name, "Pre-Depends"u8),
            12 => Same(name, "Architecture"u8),
            14 => Same(name, "Installed-Size"u8),
            _ => false,
        };

    private static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => System.Text.Ascii.EqualsIgnoreCase(left, right);
}
