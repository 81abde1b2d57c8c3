namespace Torchyard.Trimming.Layout;

/// <summary>A piece of the new file: bytes of the old one, new bytes, or zeros.</summary>
public readonly record struct OutputPiece
{
    /// <summary>Length in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Where it is in the old file; −1 for new bytes and zeros.</summary>
    public required long From { get; init; }

    /// <summary>New bytes; empty for others.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    internal static OutputPiece Copy(long from, long bytes) => new() { From = from, Bytes = bytes };

    internal static OutputPiece Of(ReadOnlyMemory<byte> content) =>
        new()
        {
            From = -1,
            Bytes = content.Length,
            Content = content,
        };

    internal static OutputPiece Zeros(long bytes) => new() { From = -1, Bytes = bytes };
}
