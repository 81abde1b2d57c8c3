using System.Formats.Tar;
using System.Globalization;
using System.Text;
using SharpCompress.Compressors.Xz;

namespace Torchyard.NativeLibraries;

/// <summary>Reads files out of a .deb (deb(5)): an ar archive with a data.tar.xz.</summary>
internal static class DebPackage
{
    private const int HeaderSize = 60;

    /// <summary>
    /// Gives the content and mode of the wanted files. Only what is asked for is kept, so no name in the archive can lead anywhere.
    /// </summary>
    public static Dictionary<TakenFile, (byte[] Content, UnixFileMode Mode)> Take(PinnedPackage package, byte[] deb)
    {
        var files = new Dictionary<string, (byte[] Content, UnixFileMode Mode)>(StringComparer.Ordinal);
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        var wanted = package.Files.Select(file => Path.GetDirectoryName(file.PathInPackage)!).ToHashSet(StringComparer.Ordinal);
        using var xz = new XZStream(Data(deb, package.PoolPath));
        using var tar = new TarReader(xz);
        while (tar.GetNextEntry() is { } entry)
        {
            var name = Normalise(entry.Name);
            if (!wanted.Contains(Path.GetDirectoryName(name) ?? ""))
            {
                continue;
            }

            if (entry.EntryType is TarEntryType.SymbolicLink)
            {
                links[name] = Normalise(Path.Combine(Path.GetDirectoryName(name)!, entry.LinkName));
            }
            else if (entry.EntryType is TarEntryType.HardLink)
            {
                links[name] = Normalise(entry.LinkName);
            }
            else if (entry.DataStream is { } data)
            {
                var content = new byte[entry.Length];
                data.ReadExactly(content);
                files[name] = (content, entry.Mode);
            }
        }

        return package.Files.ToDictionary(file => file, file => Follow(file.PathInPackage, files, links, package));
    }

    private static (byte[] Content, UnixFileMode Mode) Follow(
        string path,
        Dictionary<string, (byte[], UnixFileMode)> files,
        Dictionary<string, string> links,
        PinnedPackage package
    )
    {
        var name = path;
        for (var hops = 0; hops < 8; hops++)
        {
            if (files.TryGetValue(name, out var found))
            {
                return found;
            }

            if (!links.TryGetValue(name, out name!))
            {
                break;
            }
        }

        throw new FetchException($"{package.PoolPath} has no file {path}");
    }

    private static MemoryStream Data(byte[] deb, string name)
    {
        if (!deb.AsSpan().StartsWith("!<arch>\n"u8))
        {
            throw new FetchException($"{name} is not an ar archive");
        }

        var at = 8;
        while (at + HeaderSize <= deb.Length)
        {
            var member = Encoding.ASCII.GetString(deb, at, 16).TrimEnd(' ', '/');
            var size = int.Parse(Encoding.ASCII.GetString(deb, at + 48, 10), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
            at += HeaderSize;
            if (size < 0 || size > deb.Length - at)
            {
                break;
            }

            if (member == "data.tar.xz")
            {
                return new MemoryStream(deb, at, size, writable: false);
            }

            at += size + (size & 1);
        }

        throw new FetchException($"{name} has no data.tar.xz");
    }

    private static string Normalise(string path) => Path.GetFullPath("/" + path)[1..];
}
