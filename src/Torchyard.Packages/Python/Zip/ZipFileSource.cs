using Microsoft.Win32.SafeHandles;

namespace Torchyard.Packages.Python.Zip;

/// <summary>A zip file on the disk. Reads are positioned, so several entries can be read at once.</summary>
public sealed class ZipFileSource : IZipSource
{
    private readonly SafeFileHandle _handle;

    /// <summary>Opens the file for reading.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public ZipFileSource(string path)
    {
        _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.None);
        Length = RandomAccess.GetLength(_handle);
    }

    /// <inheritdoc />
    public long Length { get; }

    /// <inheritdoc />
    public int Read(long offset, Span<byte> buffer)
    {
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(_handle, buffer[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    /// <inheritdoc />
    public void Dispose() => _handle.Dispose();
}
