namespace Torchyard.Packages.Debian.Indexes;

/// <summary>A part of an index's text.</summary>
internal readonly record struct Slice(int Start, int Length)
{
    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Of(byte[] text) => text.AsSpan(Start, Length);
}
