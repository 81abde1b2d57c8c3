using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Torchyard.Testing.Python;

/// <summary>Makes small real wheels, and wheels that are wrong in one chosen way.</summary>
public sealed class TestWheel(string name, string version, string tag = "py3-none-any")
{
    private readonly List<(string Path, byte[] Content, int Mode)> _files = [];

    public string Stem => $"{name.Replace('-', '_')}-{version}";

    public string FileName => $"{Stem}-{tag}.whl";

    public List<string> Requires { get; } = [];

    public List<string> Extras { get; } = [];

    public string? RequiresPython { get; set; }

    public string? EntryPoints { get; set; }

    public string WheelVersion { get; set; } = "1.0";

    public bool Purelib { get; set; } = true;

    public CompressionLevel Level { get; set; } = CompressionLevel.Optimal;

    /// <summary>Changes RECORD's text before it is stored.</summary>
    public Func<string, string> Record { get; set; } = text => text;

    /// <summary>Changes an entry before its content is written.</summary>
    public Action<ZipArchiveEntry>? Entry { get; set; }

    /// <summary>Paths that RECORD lists but the archive does not have get no entry.</summary>
    public List<string> ExtraEntries { get; } = [];

    public TestWheel Add(string path, string content, int mode = 0x1A4) => Add(path, Encoding.UTF8.GetBytes(content), mode);

    public TestWheel Add(string path, byte[] content, int mode = 0x1A4)
    {
        _files.Add((path, content, mode));
        return this;
    }

    public string Metadata
    {
        get
        {
            var text = new StringBuilder($"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
            if (RequiresPython is not null)
            {
                text.Append($"Requires-Python: {RequiresPython}\n");
            }

            foreach (var extra in Extras)
            {
                text.Append($"Provides-Extra: {extra}\n");
            }

            foreach (var requirement in Requires)
            {
                text.Append($"Requires-Dist: {requirement}\n");
            }

            return text.Append("\nA test.\n").ToString();
        }
    }

    public byte[] Build()
    {
        var info = $"{Stem}.dist-info";
        var files = new List<(string Path, byte[] Content, int Mode)>(_files)
        {
            ($"{info}/METADATA", Encoding.UTF8.GetBytes(Metadata), 0x1A4),
            (
                $"{info}/WHEEL",
                Encoding.UTF8.GetBytes(
                    $"Wheel-Version: {WheelVersion}\nGenerator: test\nRoot-Is-Purelib: {(Purelib ? "true" : "false")}\nTag: {tag}\n"
                ),
                0x1A4
            ),
        };
        if (EntryPoints is not null)
        {
            files.Add(($"{info}/entry_points.txt", Encoding.UTF8.GetBytes(EntryPoints), 0x1A4));
        }

        var record = new StringBuilder();
        foreach (var (path, content, _) in files)
        {
            record.Append(
                $"{path},sha256={Convert.ToBase64String(SHA256.HashData(content)).TrimEnd('=').Replace('+', '-').Replace('/', '_')},"
                    + $"{content.Length}\n"
            );
        }

        record.Append($"{info}/RECORD,,\n");
        files.Add(($"{info}/RECORD", Encoding.UTF8.GetBytes(Record(record.ToString())), 0x1A4));
        files.AddRange(ExtraEntries.Select(path => (path, new byte[] { 1 }, 0x1A4)));

        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, content, mode) in files)
            {
                var entry = zip.CreateEntry(path, Level);
                entry.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                entry.ExternalAttributes = (0x8000 | mode) << 16;
                Entry?.Invoke(entry);
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return buffer.ToArray();
    }

    /// <summary>Writes the wheel under its own name; returns the path.</summary>
    public string WriteTo(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, FileName);
        File.WriteAllBytes(path, Build());
        return path;
    }
}
