namespace Torchyard.Flows.Removal;

/// <summary>How many files there are, and their size.</summary>
/// <param name="Files">Their number.</param>
/// <param name="Bytes">Their size.</param>
internal sealed record FileCount(int Files, long Bytes)
{
    /// <summary>All of both.</summary>
    public static FileCount operator +(FileCount one, FileCount other) => new(one.Files + other.Files, one.Bytes + other.Bytes);
}
