namespace Torchyard.Trimming.Layout;

/// <summary>Bytes of a file.</summary>
/// <param name="Start">The first.</param>
/// <param name="End">The first behind them.</param>
public readonly record struct FileRange(long Start, long End)
{
    /// <summary>How many.</summary>
    public long Bytes => End - Start;
}
