namespace Torchyard.Trimming.Layout;

/// <summary>The new file as it is put together, in the old one's offsets; holes are left out.</summary>
internal sealed class OutputPieces(IReadOnlyList<FileRange> holes)
{
    private readonly List<OutputPiece> _pieces = [];
    private long _bytes;
    private int _hole;

    /// <summary>What was added.</summary>
    public IReadOnlyList<OutputPiece> Pieces => _pieces;

    /// <summary>Adds new bytes, which no hole touches.</summary>
    /// <param name="at">Where they are.</param>
    /// <param name="end">What follows them there.</param>
    /// <param name="piece">The bytes.</param>
    public void Add(long at, long end, OutputPiece piece)
    {
        System.Diagnostics.Debug.Assert(at <= end);
        if (piece.Bytes > 0)
        {
            _pieces.Add(piece);
            _bytes += piece.Bytes;
        }
    }

    /// <summary>Adds bytes of the old file.</summary>
    public void AddCopy(long at, long from, long bytes) => AddParts(at, bytes, (offset, length) => OutputPiece.Copy(from + offset, length));

    /// <summary>Adds zeros.</summary>
    public void AddZeros(long at, long bytes) => AddParts(at, bytes, (_, length) => OutputPiece.Zeros(length));

    /// <summary>Adds what stands behind everything.</summary>
    public void Finish(long at, byte[] content)
    {
        Add(0, 0, OutputPiece.Zeros(at - _bytes));
        Add(0, 0, OutputPiece.Of(content));
    }

    private void AddParts(long at, long bytes, Func<long, long, OutputPiece> part)
    {
        var (start, end) = (at, at + bytes);
        while (start < end)
        {
            while (_hole < holes.Count && holes[_hole].End <= start)
            {
                _hole++;
            }

            if (_hole < holes.Count && holes[_hole].Start <= start)
            {
                start = Math.Min(end, holes[_hole].End);
                continue;
            }

            var stop = _hole < holes.Count ? Math.Min(end, holes[_hole].Start) : end;
            Append(part(start - at, stop - start));
            start = stop;
        }
    }

    // Neighbours become one, so that they are read and written at once.
    private void Append(OutputPiece piece)
    {
        _bytes += piece.Bytes;
        if (_pieces.Count > 0 && _pieces[^1] is { Content.IsEmpty: true } last)
        {
            if (last.From >= 0 && piece.From == last.From + last.Bytes || last.From < 0 && piece.From < 0)
            {
                _pieces[^1] = last with { Bytes = last.Bytes + piece.Bytes };
                return;
            }
        }

        _pieces.Add(piece);
    }
}
