using Torchyard.Packages.Python.Zip;

namespace Torchyard.Packages.Tests.Python;

/// <summary>A zip file in memory.</summary>
internal sealed class MemoryZipSource(byte[] data) : IZipSource
{
    public long Length => data.Length;

    public int Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset >= data.Length)
        {
            return 0;
        }

        var count = (int)Math.Min(buffer.Length, data.Length - offset);
        data.AsSpan((int)offset, count).CopyTo(buffer);
        return count;
    }

    public void Dispose() { }
}
