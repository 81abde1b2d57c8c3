namespace Torchyard.Containers.Sessions;

/// <summary>Keeps what a program prints, up to a bound; what comes after that is thrown away, and the program is told to end.</summary>
/// <param name="most">Most bytes that are kept.</param>
/// <param name="overflow">Called once, when there are more.</param>
internal sealed class BoundedOutput(int most, Action overflow) : MemoryStream
{
    private bool _full;

    /// <inheritdoc />
    public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count)
    {
        var room = (int)(most - Length);
        base.Write(buffer, offset, Math.Min(count, room));
        if (count > room && !_full)
        {
            _full = true;
            overflow();
        }
    }
}
