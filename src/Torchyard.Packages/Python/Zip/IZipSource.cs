namespace Torchyard.Packages.Python.Zip;

/// <summary>Bytes of a zip file at any place: a local file, or a remote one read by HTTP ranges.</summary>
public interface IZipSource : IDisposable
{
    /// <summary>Size of the file in bytes.</summary>
    long Length { get; }

    /// <summary>Fills the buffer from a place of the file; fewer bytes only at the file's end.</summary>
    int Read(long offset, Span<byte> buffer);
}
