using System.Globalization;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Zip;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>A file of a wheel with the hash that RECORD promises.</summary>
/// <param name="Entry">The file in the archive.</param>
/// <param name="Hash">Hash to check it against; null only for RECORD and its signatures.</param>
public sealed record WheelFile(ZipEntry Entry, RecordHash? Hash);

/// <summary>
/// A wheel, opened and checked as far as that goes without reading its files (packaging.python.org, "Binary distribution format"; PEP 427):
/// name, WHEEL, METADATA, and RECORD against the archive's directory. The hashes are checked by whoever reads the files.
/// </summary>
/// <remarks>Files can be read from several threads at once.</remarks>
public sealed class WheelArchive : IDisposable
{
    private const int RecordSizeLimit = 64 << 20;
    private const int SmallFileLimit = 1 << 20;

    private readonly ZipReader _zip;

    private WheelArchive(ZipReader zip, WheelFileName fileName)
    {
        _zip = zip;
        FileName = fileName;
    }

    /// <summary>The wheel's file name.</summary>
    public WheelFileName FileName { get; }

    /// <summary>The <c>.dist-info</c> directory, e.g. <c>torch-2.11.0.dist-info</c>.</summary>
    public string DistInfo { get; private set; } = "";

    /// <summary>The <c>.data</c> directory that goes with it; it need not exist.</summary>
    public string DataDirectory => string.Concat(DistInfo.AsSpan(0, DistInfo.Length - ".dist-info".Length), ".data");

    /// <summary>METADATA.</summary>
    public WheelMetadata Metadata { get; private set; } = null!;

    /// <summary>True when the root is purelib, false when it is platlib (WHEEL, Root-Is-Purelib).</summary>
    public bool RootIsPurelib { get; private set; }

    /// <summary>The files, in the archive's order.</summary>
    public IReadOnlyList<WheelFile> Files { get; private set; } = [];

    /// <summary>Scripts that entry points ask for.</summary>
    public IReadOnlyList<ConsoleScript> Scripts { get; private set; } = [];

    /// <summary>What is odd about the wheel but no reason to refuse it.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Opens a wheel of the disk.</summary>
    /// <param name="path">The file; in a cache its name is a hash.</param>
    /// <param name="fileName">The wheel's own file name.</param>
    /// <exception cref="TorchyardException">TY2501 when it is damaged or hostile, TY2502 when its format is unknown.</exception>
    public static WheelArchive Open(string path, string fileName) => Open(new ZipFileSource(path), fileName);

    /// <summary>Opens a wheel; owns the source.</summary>
    /// <exception cref="TorchyardException">TY2501 when it is damaged or hostile, TY2502 when its format is unknown.</exception>
    public static WheelArchive Open(IZipSource source, string fileName)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!WheelFileName.TryParse(fileName, out var name))
        {
            source.Dispose();
            throw WheelProblem.Damaged(fileName, "this is not a file name of a wheel (name-version-python-abi-platform.whl)");
        }

        ZipReader? zip = null;
        try
        {
            zip = ZipReader.Open(source);
            var wheel = new WheelArchive(zip, name);
            wheel.ReadDistInfo();
            return wheel;
        }
        catch (InvalidDataException damaged)
        {
            zip?.Dispose();
            throw WheelProblem.Damaged(fileName, damaged.Message, damaged);
        }
        catch
        {
            zip?.Dispose();
            throw;
        }
    }

    /// <summary>METADATA's bytes from a wheel that is not checked any further: for reading it from a remote file by ranges.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged or has no METADATA.</exception>
    public static byte[] ReadMetadata(IZipSource source)
    {
        using var zip = ZipReader.Open(source);
        var entry = zip.Entries.Where(e => IsMetadata(e.Name)).Take(2).ToList() is [var only]
            ? only
            : throw new InvalidDataException("the wheel has not exactly one METADATA");
        return ReadSmall(zip, entry, WheelMetadata.SizeLimit);
    }

    /// <summary>The decoded content of a file; size and CRC-32 are checked, RECORD's hash is not.</summary>
    public Stream OpenFile(WheelFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return _zip.Open(file.Entry);
    }

    /// <summary>A deflated file as a gzip member; see <see cref="GzipMemberStream"/>.</summary>
    public Stream OpenGzipMember(WheelFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new GzipMemberStream(file.Entry, _zip.OpenRaw(file.Entry));
    }

    /// <inheritdoc />
    public void Dispose() => _zip.Dispose();

    private static bool IsMetadata(string name) =>
        name.EndsWith(".dist-info/METADATA", StringComparison.Ordinal) && name.AsSpan().Count('/') == 1;

    private void ReadDistInfo()
    {
        var directories = _zip
            .Entries.Select(e => e.Name.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? e.Name[..slash] : "")
            .Where(d => d.EndsWith(".dist-info", StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal)
            .Take(2)
            .ToList();
        DistInfo = directories is [var only]
            ? only
            : throw new InvalidDataException(
                directories.Count == 0 ? "it has no .dist-info directory" : "it has several .dist-info directories"
            );
        Metadata = WheelMetadata.Parse(ReadSmall("METADATA", WheelMetadata.SizeLimit));
        var stem = DistInfo[..^".dist-info".Length];
        var dash = stem.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !IsSame(stem[..dash]) || !IsSame(Metadata.Name))
        {
            throw new InvalidDataException($"its name, {DistInfo} and METADATA ({Metadata.Name} {Metadata.Version}) do not agree");
        }

        var warnings = new List<string>();
        ReadWheel(warnings);
        MatchRecord(warnings);
        if (_zip.Entries.Any(e => e.Name == $"{DistInfo}/entry_points.txt"))
        {
            Scripts = EntryPoints.Parse(ReadSmall("entry_points.txt", SmallFileLimit));
        }

        Warnings = warnings;
    }

    private bool IsSame(string project) => ProjectName.TryParse(project, out var name) && name.Normal == FileName.Name;

    private void ReadWheel(List<string> warnings)
    {
        var headers = MetadataHeaders.Parse(ReadSmall("WHEEL", SmallFileLimit));
        var version = headers.Single("Wheel-Version") ?? throw new InvalidDataException("WHEEL has no Wheel-Version");
        var parts = version.Split('.');
        if (
            parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
        )
        {
            throw new InvalidDataException($"WHEEL has the Wheel-Version '{version}'");
        }

        if (major != 1)
        {
            throw WheelProblem.Unsupported(FileName.Text, $"it has wheel format {version}; this version of Torchyard knows 1.0");
        }

        if (minor > 0)
        {
            warnings.Add($"{FileName.Text} has wheel format {version}, newer than the 1.0 that Torchyard knows");
        }

        RootIsPurelib = headers.Single("Root-Is-Purelib")?.ToLowerInvariant() switch
        {
            "true" => true,
            "false" => false,
            _ => throw new InvalidDataException("WHEEL does not say whether the root is purelib"),
        };
    }

    private void MatchRecord(List<string> warnings)
    {
        var record = RecordFile.Parse(ReadSmall("RECORD", RecordSizeLimit));
        var files = new List<WheelFile>(_zip.Entries.Count);
        foreach (var entry in _zip.Entries)
        {
            record.TryGetValue(entry.Name, out var line);
            if (line?.Size is { } size && size != entry.Size)
            {
                throw new InvalidDataException($"RECORD gives {size} bytes for '{entry.Name}', the archive has {entry.Size}");
            }

            // "Apart from RECORD and its signatures, installation will fail if any file in the archive is not both mentioned and correctly
            // hashed."
            if (line?.Hash is null && !IsRecordOrSignature(entry.Name))
            {
                throw new InvalidDataException($"RECORD has no hash for '{entry.Name}'");
            }

            files.Add(new WheelFile(entry, line?.Hash));
        }

        var names = _zip.Entries.Select(e => e.Name).ToHashSet(StringComparer.Ordinal);
        if (record.Keys.FirstOrDefault(path => !names.Contains(path)) is { } missing)
        {
            warnings.Add($"{FileName.Text}: RECORD lists '{missing}', which is not in the wheel");
        }

        Files = files;
    }

    private bool IsRecordOrSignature(string name) =>
        name.Length > DistInfo.Length
        && name.StartsWith(DistInfo, StringComparison.Ordinal)
        && name[DistInfo.Length..] is "/RECORD" or "/RECORD.jws" or "/RECORD.p7s";

    private byte[] ReadSmall(string name, int limit)
    {
        var path = $"{DistInfo}/{name}";
        var entry = _zip.Entries.FirstOrDefault(e => e.Name == path) ?? throw new InvalidDataException($"it has no {name}");
        return ReadSmall(_zip, entry, limit);
    }

    private static byte[] ReadSmall(ZipReader zip, ZipEntry entry, int limit)
    {
        if (entry.Size > limit)
        {
            throw new InvalidDataException($"'{entry.Name}' has {entry.Size} bytes");
        }

        var content = new byte[entry.Size];
        using var stream = zip.Open(entry);
        stream.ReadExactly(content);
        if (stream.ReadByte() >= 0)
        {
            throw new InvalidDataException($"'{entry.Name}' is longer than the archive lists");
        }

        return content;
    }
}
