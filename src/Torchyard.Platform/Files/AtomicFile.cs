using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>Files that appear whole or not at all: written beside their place, flushed to the disk, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file that appears by rename, with the given mode (default 0644).</summary>
    /// <param name="path">Final path; its directory exists.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="mode">Permission bits of the new file.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = (UnixFileMode)FileModes.Readable)
    {
        var temporary = TemporaryBeside(path);
        try
        {
            using (var stream = Create(temporary, mode))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Writes UTF-8 text without a byte order mark; see <see cref="Write(string, ReadOnlySpan{byte}, UnixFileMode)"/>.</summary>
    public static void WriteText(string path, string content) => Write(path, System.Text.Encoding.UTF8.GetBytes(content));

    /// <summary>Writes a file that appears whole, unless one is there already: of two that try at once, one wins.</summary>
    /// <returns>False when there was one.</returns>
    public static bool TryCreate(string path, ReadOnlySpan<byte> content, UnixFileMode mode = (UnixFileMode)FileModes.Readable)
    {
        var temporary = TemporaryBeside(path);
        try
        {
            using (var stream = Create(temporary, mode))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            if (NameCalls.MakeHardLink(temporary, path) == 0)
            {
                return true;
            }

            var error = Errno.Last;
            return error == Errno.Exists ? false : throw FileRefusal.Of(path, "/", error);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static FileStream Create(string path, UnixFileMode mode)
    {
        var stream = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = mode,
            }
        );
        // The umask of the caller must not change what the file's readers may do.
        File.SetUnixFileMode(stream.SafeFileHandle, mode);
        return stream;
    }

    private static string TemporaryBeside(string path) => $"{path}.{Environment.ProcessId:x}-{Guid.NewGuid():N}.tmp";
}
