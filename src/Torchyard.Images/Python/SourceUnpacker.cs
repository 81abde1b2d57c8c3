using Torchyard.Images.Tar;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Python.Zip;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Python;

/// <summary>Sizes beyond which a source is refused, so that a hostile one cannot fill the disk.</summary>
internal sealed record SourceLimits
{
    /// <summary>Bytes of all files together. PyTorch with its submodules has 1.5 GB.</summary>
    public long TotalSize { get; init; } = 4L << 30;

    /// <summary>Most files, directories and links.</summary>
    public int Entries { get; init; } = 250_000;
}

/// <summary>
/// Lays the archives of a source out in a directory. They are untrusted: no name leaves the directory, links are made last so that nothing
/// is written through them, devices and what is too large are refused, owners and special bits are dropped.
/// </summary>
/// <param name="directory">Empty directory that gets the files.</param>
/// <param name="shown">Name of the source, for messages.</param>
/// <param name="limits">Sizes beyond which it is refused.</param>
internal sealed class SourceUnpacker(string directory, string shown, SourceLimits limits)
{
    // Where zip begins; archives that give no time get it.
    private static readonly DateTime NoTime = DateTime.UnixEpoch.AddSeconds(WheelLayerFile.ModifiedAt);

    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _links = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTime> _directories = new(StringComparer.Ordinal);
    private long _size;
    private int _entries;

    /// <summary>Lays out one archive; links wait for <see cref="Finish"/>.</summary>
    /// <exception cref="TorchyardException">TY2523.</exception>
    public void Add(SourcePart part, CancellationToken cancellation)
    {
        try
        {
            if (part.Name.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
            {
                AddZip(part, cancellation);
            }
            else
            {
                AddTar(part, cancellation);
            }
        }
        catch (Exception damaged) when (damaged is InvalidDataException or TarFormatException or EndOfStreamException)
        {
            throw Bad(damaged.Message, damaged);
        }
    }

    /// <summary>
    /// The project's directory, absolute: the only directory of an archive that has nothing else, as source distributions are made (PEP
    /// 625).
    /// </summary>
    /// <param name="strip">False for a repository, which is laid out as it is.</param>
    /// <param name="subdirectory">Directory of the project inside, or null.</param>
    public string Project(bool strip, string? subdirectory)
    {
        var top = directory;
        if (
            strip
            && Directory.GetFileSystemEntries(directory) is [var only]
            && Directory.Exists(only)
            && _links.Keys.All(link => link.Contains('/'))
        )
        {
            top = only;
        }

        var project = subdirectory is null ? top : Path.Combine(top, subdirectory);
        return Directory.Exists(project)
            ? project
            : throw new TorchyardException(
                "TY2523",
                $"{shown} has no directory '{subdirectory}'",
                "correct the #subdirectory of the requirement"
            );
    }

    /// <summary>
    /// A file of the project, unless it is a link or too large; null when there is none. Only before <see cref="Finish"/>.
    /// </summary>
    public static byte[]? Read(string project, string name, int limit)
    {
        var file = new FileInfo(Path.Combine(project, name));
        return file.Exists && file.Length <= limit ? File.ReadAllBytes(file.FullName) : null;
    }

    /// <summary>Puts the repository of the source into its place; after <see cref="Finish"/>.</summary>
    /// <exception cref="TorchyardException">TY2523: the source has something there, which Git itself lets no commit have.</exception>
    public void AddRepository(string repository)
    {
        const string Name = ".git";
        if (_files.Contains(Name) || _links.ContainsKey(Name) || _directories.ContainsKey(Name))
        {
            throw Bad($"it has a '{Name}' of its own");
        }

        Directory.Move(repository, Path.Combine(directory, Name));
    }

    /// <summary>Makes the links, and gives directories their times.</summary>
    public void Finish()
    {
        foreach (var (path, target) in _links)
        {
            if (_files.Contains(path) || _directories.ContainsKey(path))
            {
                throw Bad($"'{path}' is there twice, once as a link");
            }

            MakeParents(path);
            File.CreateSymbolicLink(Path.Combine(directory, path), target);
        }

        foreach (var (path, time) in _directories.OrderByDescending(pair => pair.Key.Length))
        {
            Directory.SetLastWriteTimeUtc(Path.Combine(directory, path), time);
        }
    }

    private void AddTar(SourcePart part, CancellationToken cancellation)
    {
        using var file = File.OpenRead(part.File);
        using var content = Decompression.Open(file, Format(part.Name));
        var reader = new TarReader(content);
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            Count(entry.Size);
            var path = Inside(part, entry.Name);
            var time = DateTime.UnixEpoch.AddSeconds(Math.Clamp(entry.ModifiedAt, 0, uint.MaxValue));
            switch (entry.Kind)
            {
                case TarKind.Directory:
                    MakeDirectory(path, time);
                    break;
                case TarKind.File:
                    Write(path, time, (entry.Mode & FileModes.AnyExecute) != 0, target =>
                    {
                        Span<byte> buffer = new byte[64 * 1024];
                        int read;
                        while ((read = reader.Read(buffer)) > 0)
                        {
                            target.Write(buffer[..read]);
                        }
                    });
                    break;
                case TarKind.HardLink:
                    var original = Inside(part, entry.LinkTarget);
                    if (!_files.Contains(original))
                    {
                        throw Bad($"'{entry.Name}' is a link to '{entry.LinkTarget}', which is not a file before it");
                    }

                    var source = Path.Combine(directory, original);
                    Count(new FileInfo(source).Length);
                    if (original != path)
                    {
                        Write(path, time, (File.GetUnixFileMode(source) & UnixFileMode.UserExecute) != 0, target =>
                        {
                            using var from = File.OpenRead(source);
                            from.CopyTo(target);
                        });
                    }

                    break;
                case TarKind.Symlink:
                    _links[path] = RequireInside(path, entry.LinkTarget);
                    break;
                default:
                    throw Bad($"'{entry.Name}' is a device or pipe");
            }
        }

        reader.Drain();
    }

    private void AddZip(SourcePart part, CancellationToken cancellation)
    {
        using var zip = ZipReader.Open(
            new ZipFileSource(part.File),
            new ZipLimits { TotalSize = limits.TotalSize, Entries = limits.Entries }
        );
        foreach (var entry in zip.Entries)
        {
            cancellation.ThrowIfCancellationRequested();
            Count(entry.Size);
            using var content = zip.Open(entry);
            Write(Inside(part, entry.Name), NoTime, entry.Executable, content.CopyTo);
        }
    }

    private static CompressionFormat Format(string name) =>
        name.ToLowerInvariant() switch
        {
            var gzip when gzip.EndsWith("gz", StringComparison.Ordinal) => CompressionFormat.Gzip,
            var xz when xz.EndsWith("xz", StringComparison.Ordinal) => CompressionFormat.Xz,
            var zstd when zstd.EndsWith(".zst", StringComparison.Ordinal) => CompressionFormat.Zstd,
            _ => CompressionFormat.None,
        };

    private void Count(long size)
    {
        _size += size;
        if (_size > limits.TotalSize || ++_entries > limits.Entries)
        {
            throw Bad($"it has more than {limits.Entries} entries, or more than {limits.TotalSize} bytes");
        }
    }

    private string Inside(SourcePart part, string name) =>
        ArchivePath.TryNormalise(name, out var path)
            ? (part.Prefix + path).TrimEnd('/')
            : throw Bad($"'{new string([.. name.Select(c => char.IsControl(c) ? '?' : c).Take(200)])}' is not a path inside it");

    private string RequireInside(string path, string target)
    {
        var depth = path.Count(c => c == '/');
        foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            depth += step switch
            {
                ".." => -1,
                "." => 0,
                _ => 1,
            };
            if (depth < 0)
            {
                break;
            }
        }

        return depth >= 0 && target.Length > 0 && !target.StartsWith('/')
            ? target
            : throw Bad($"the link '{path}' leads out of it, to '{target}'");
    }

    private void Write(string path, DateTime time, bool executable, Action<Stream> write)
    {
        if (path.Length == 0 || _directories.ContainsKey(path))
        {
            throw Bad($"'{path}' is both a file and a directory");
        }

        MakeParents(path);
        var target = Path.Combine(directory, path);
        using (var stream = new FileStream(target, FileMode.Create, FileAccess.Write, FileShare.None, 1))
        {
            write(stream);
        }

        File.SetUnixFileMode(target, (UnixFileMode)(executable ? FileModes.Executable : FileModes.Readable));
        File.SetLastWriteTimeUtc(target, time);
        _files.Add(path);
        _links.Remove(path);
    }

    private void MakeParents(string path)
    {
        if (ArchivePath.Parent(path) is { Length: > 0 } parent)
        {
            MakeDirectory(parent, NoTime);
        }
    }

    private void MakeDirectory(string path, DateTime time)
    {
        if (path.Length == 0)
        {
            return;
        }

        MakeParents(path);
        if (_files.Contains(path) || _links.ContainsKey(path))
        {
            throw Bad($"'{path}' is both a directory and a file or link");
        }

        if (_directories.TryAdd(path, time))
        {
            var target = Path.Combine(directory, path);
            Directory.CreateDirectory(target);
            File.SetUnixFileMode(target, (UnixFileMode)FileModes.Directory);
        }
        else if (time != NoTime)
        {
            _directories[path] = time;
        }
    }

    private TorchyardException Bad(string why, Exception? inner = null) =>
        new(
            "TY2523",
            $"{shown} is damaged or hostile: {why}",
            "nothing of it was used. Fetch it again, report it to its publisher, or choose another version",
            inner
        );
}
