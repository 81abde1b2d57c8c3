using System.Text;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// Opens files whose place somebody else may have put something into: regular files only. A FIFO never blocks, a device is never opened,
/// and what is read is bounded.
/// </summary>
public static class RegularFile
{
    /// <summary>Opens a file for reading; links in the path are followed.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file.</exception>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    public static FileStream OpenRead(string path)
    {
        using var place = OpenCalls.Open(path, OpenFlags.PathOnly | OpenFlags.CloseOnExec);
        return place.IsInvalid ? throw FileRefusal.Of(path, "/", Errno.Last) : Reopen(place, path);
    }

    /// <summary>
    /// Opens a file for reading after a look at where it is: a link that somebody puts there between a check and the opening gains nothing.
    /// </summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="check">Gets the path of what was found without links, before a byte is read; refuses by throwing.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file.</exception>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    public static FileStream OpenRead(string path, Action<string> check)
    {
        ArgumentNullException.ThrowIfNull(check);
        using var place = OpenCalls.Open(path, OpenFlags.PathOnly | OpenFlags.CloseOnExec);
        if (place.IsInvalid)
        {
            throw FileRefusal.Of(path, "/", Errno.Last);
        }

        check(new FileInfo(OpenCalls.PathOf(place)).LinkTarget ?? throw new IOException($"where {path} is cannot be told without /proc"));
        return Reopen(place, path);
    }

    /// <summary>Content of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">More bytes than any right file has.</param>
    /// <param name="check">Gets the path without links, as for <see cref="OpenRead(string, Action{string})"/>; null for any.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file; TY9024: it is larger.</exception>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    public static byte[] ReadAllBytes(string path, long limit, Action<string>? check = null)
    {
        using var stream = OpenRead(path, check ?? (static _ => { }));
        return ReadAll(stream, path, limit);
    }

    /// <summary>Content of a UTF-8 file; see <see cref="ReadAllBytes"/>.</summary>
    public static string ReadAllText(string path, long limit) => Text(ReadAllBytes(path, limit));

    /// <summary>Opens a file for reading; null when nothing is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="followLinks">False where others may put links: then a link is not a regular file. Only the last part of the path is
    /// looked at.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file.</exception>
    public static FileStream? TryOpen(string path, bool followLinks = true)
    {
        using var place = Find(path, followLinks);
        return place is null ? null : Reopen(place, path);
    }

    /// <summary>Content of a file; null when nothing is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">More bytes than any right file has.</param>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file; TY9024: it is larger.</exception>
    public static byte[]? TryRead(string path, long limit)
    {
        using var stream = TryOpen(path);
        return stream is null ? null : ReadAll(stream, path, limit);
    }

    /// <summary>Content of a UTF-8 file; see <see cref="TryRead"/>.</summary>
    public static string? TryReadText(string path, long limit) => TryRead(path, limit) is { } content ? Text(content) : null;

    /// <summary>Bytes of a regular file; null when there is none, or something else.</summary>
    public static long? Length(string path)
    {
        using var place = Find(path, followLinks: true);
        return place is not null && FileFacts.Of(place, path) is { IsRegular: true } facts ? facts.Size : null;
    }

    /// <summary>Takes away a directory that stands where a file belongs; a rename replaces everything else.</summary>
    public static void ClearPlace(string path)
    {
        if (new DirectoryInfo(path) is { Exists: true, LinkTarget: null } directory)
        {
            directory.Delete(recursive: true);
        }
    }

    private static SafeFileHandle? Find(string path, bool followLinks)
    {
        var place = OpenCalls.Open(path, OpenFlags.PathOnly | OpenFlags.CloseOnExec | (followLinks ? 0 : OpenFlags.NoFollow));
        if (!place.IsInvalid)
        {
            return place;
        }

        var error = Errno.Last;
        place.Dispose();
        return error is Errno.NoEntry or Errno.NotDirectory ? null : throw FileRefusal.Of(path, "/", error);
    }

    /// <summary>Opens for reading what an O_PATH descriptor stands for, if that is a regular file.</summary>
    internal static FileStream Reopen(SafeFileHandle place, string name)
    {
        var facts = FileFacts.Of(place, name);
        if (!facts.IsRegular)
        {
            throw FileRefusal.NotRegular(name, facts.Description);
        }

        // The very file that was looked at: the descriptor's own entry is not a path that somebody could change in between.
        var opened = OpenCalls.Open(
            OpenCalls.PathOf(place),
            OpenFlags.NonBlocking | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec
        );
        if (opened.IsInvalid)
        {
            var error = Errno.Last;
            opened.Dispose();
            throw FileRefusal.Of(name, "/", error);
        }

        return new FileStream(opened, FileAccess.Read, bufferSize: 0);
    }

    /// <summary>Reads to the end, whatever size the file says it has.</summary>
    internal static byte[] ReadAll(FileStream stream, string name, long limit)
    {
        var content = new byte[(int)Math.Min(Math.Min(stream.Length, limit) + 1, Array.MaxLength)];
        var length = 0;
        for (var read = stream.Read(content); read > 0; read = stream.Read(content, length, content.Length - length))
        {
            length += read;
            if (length > limit)
            {
                throw FileRefusal.TooLarge(name, limit);
            }

            if (length == content.Length)
            {
                Array.Resize(ref content, (int)Math.Min(limit + 1, content.Length * 2L));
            }
        }

        return content[..length];
    }

    internal static string Text(byte[] content)
    {
        using var reader = new StreamReader(new MemoryStream(content), Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
