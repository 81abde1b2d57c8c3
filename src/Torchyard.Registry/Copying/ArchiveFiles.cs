using Torchyard.Images.Tar;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Registry.Copying;

/// <summary>The files of a tar archive, which are read in their place: nothing is unpacked.</summary>
internal sealed class ArchiveFiles : ILayoutFiles
{
    // A layout with the most layers and platforms that anybody has, many times over.
    private const int MostEntries = 100_000;
    private const int MostLinks = 8;

    private readonly string _place;
    private readonly Action _close;
    private readonly FileStream _file;
    private readonly Dictionary<string, (long Offset, long Size)> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);

    /// <summary>Opens an archive, and looks through its headers.</summary>
    /// <param name="path">The file.</param>
    /// <param name="place">What people call it.</param>
    /// <param name="close">What else is let go of at the end.</param>
    /// <exception cref="TorchyardException">TY6021: it is not there; TY6022: it is not an archive, or damaged.</exception>
    public ArchiveFiles(string path, string place, Action close)
    {
        (_place, _close) = (place, close);
        _file = RegularFile.TryOpen(path) ?? throw CopyErrors.NotThere(place, "there is no such file", "check the path");
        try
        {
            LookThrough();
        }
        catch (TarFormatException failure)
        {
            _file.Dispose();
            throw CopyErrors.Damaged(place, $"as a tar archive, {failure.Message}", failure);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public byte[]? TryRead(string path, int most)
    {
        if (Find(path) is not var (offset, size))
        {
            return null;
        }

        if (size > most)
        {
            throw CopyErrors.Damaged(_place, $"{path} has {size} bytes");
        }

        var content = new byte[size];
        using var stretch = new FileStretch(_file.SafeFileHandle, offset, size);
        stretch.ReadExactly(content);
        return content;
    }

    public Stream? TryOpen(string path, long from) =>
        Find(path) is var (offset, size) && from <= size ? new FileStretch(_file.SafeFileHandle, offset + from, size - from) : null;

    /// <summary>Bytes of a file; null without it.</summary>
    public long? Size(string path) => Find(path)?.Size;

    public void Dispose()
    {
        _file.Dispose();
        _close();
    }

    private (long Offset, long Size)? Find(string path)
    {
        for (var links = 0; links <= MostLinks; links++)
        {
            if (_files.TryGetValue(path, out var found))
            {
                return found;
            }

            // Docker before version 25 has links between layers that are the same.
            if (!_links.TryGetValue(path, out path!))
            {
                return null;
            }
        }

        return null;
    }

    private void LookThrough()
    {
        var tar = new TarReader(_file);
        for (var count = 0; tar.Next() is { } entry; count++)
        {
            if (count == MostEntries)
            {
                throw new TarFormatException("it has too many files");
            }

            var name = Plain(entry.Name);
            if (entry.Kind == TarKind.File)
            {
                _files[name] = (_file.Position, entry.Size);
            }
            else if (entry.Kind == TarKind.HardLink)
            {
                _links[name] = Plain(entry.LinkTarget);
            }
            else if (entry.Kind == TarKind.Symlink)
            {
                _links[name] = Plain($"{Path.GetDirectoryName(name)}/{entry.LinkTarget}");
            }
        }
    }

    // Names are keys of this archive alone, and lead nowhere.
    private static string Plain(string name)
    {
        var parts = new List<string>();
        foreach (var part in name.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }
}
