using System.Globalization;
using System.IO.Compression;
using System.Text;
using Torchyard.Platform.Digests;

namespace Torchyard.Testing.Loopback;

/// <summary>A small signed archive on a loopback server, with real packages.</summary>
public sealed class TestArchive : IDisposable
{
    public const string Suite = "unit";

    public static readonly DateTimeOffset Date = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly StringBuilder _packages = new();

    public TestArchive(Action<TestArchive> fill)
    {
        fill(this);
        Publish();
        Server = new LoopbackServer(
            (asked, n) =>
                Answer is { } answer && answer(asked, n) is { } reply ? reply
                : _files.TryGetValue(asked.Path, out var body) ? new Reply(200, body)
                : new Reply(404, [])
        );
    }

    public LoopbackServer Server { get; }

    public TestKey Key { get; init; } = new(Date.UtcDateTime.AddYears(-1));

    /// <summary>Answers instead of the archive where it returns something.</summary>
    public Func<Asked, int, Reply?>? Answer { get; set; }

    public string ReleaseSuite { get; set; } = Suite;

    public string MoreRelease { get; set; } = "Valid-Until: Mon, 08 Jun 2026 12:00:00 UTC\n";

    public void Dispose() => Server.Dispose();

    /// <summary>Adds a package; <paramref name="fields"/> are further control fields.</summary>
    public void Add(string name, string version = "1", string fields = "") =>
        AddFile(name, version, "all", TestPackage.Make(name, version), fields);

    /// <summary>Adds a package that was made elsewhere.</summary>
    public void AddFile(string name, string version, string architecture, byte[] deb, string fields = "")
    {
        var path = $"pool/{name}_{version}_{architecture}.deb";
        _files["/" + path] = deb;
        _packages.Append(
            CultureInfo.InvariantCulture,
            $"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nPriority: optional\nInstalled-Size: 1\n"
        );
        _packages.Append(fields.Length > 0 ? fields + "\n" : "");
        _packages.Append(
            CultureInfo.InvariantCulture,
            $"Filename: {path}\nSize: {deb.Length}\nSHA256: {Digest.Of(deb).Hex}\nDescription: x\n long\n\n"
        );
    }

    /// <summary>Signs the indexes as those of a flat archive: no suites, no components.</summary>
    public void PublishFlat()
    {
        var plain = Encoding.UTF8.GetBytes(_packages.ToString().Replace("Filename: ", "Filename: ./", StringComparison.Ordinal));
        var release = $"Date: Mon, 01 Jun 2026 12:00:00 UTC\n{MoreRelease}SHA256:\n {Digest.Of(plain).Hex} {plain.Length} Packages\n";
        _files["/Packages"] = plain;
        _files["/InRelease"] = Encoding.UTF8.GetBytes(Key.ClearSign(release, Date.UtcDateTime));
    }

    /// <summary>Signs the indexes as they are.</summary>
    public void Publish()
    {
        var plain = Encoding.UTF8.GetBytes(_packages.ToString());
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Optimal))
        {
            gzip.Write(plain);
        }

        var packed = memory.ToArray();
        const string index = "main/binary-amd64/Packages";
        _files[$"/dists/{Suite}/{index}.gz"] = packed;
        _files[$"/dists/{Suite}/main/binary-amd64/by-hash/SHA256/{Digest.Of(packed).Hex}"] = packed;
        var release =
            $"Origin: Test\nSuite: {ReleaseSuite}\nCodename: {ReleaseSuite}\nDate: Mon, 01 Jun 2026 12:00:00 UTC\nAcquire-By-Hash: yes\n"
            + $"Architectures: all amd64\nComponents: main\n{MoreRelease}SHA256:\n {Digest.Of(plain).Hex} {plain.Length} {index}\n "
            + $"{Digest.Of(packed).Hex} {packed.Length} {index}.gz\n";
        _files[$"/dists/{Suite}/InRelease"] = Encoding.UTF8.GetBytes(Key.ClearSign(release, Date.UtcDateTime));
        _files[$"/dists/{Suite}/Release"] = Encoding.UTF8.GetBytes(release);
        _files[$"/dists/{Suite}/Release.gpg"] = Encoding.UTF8.GetBytes(Key.DetachSign(release, Date.UtcDateTime));
    }

    public byte[] File(string path) => _files[path];

    public void Remove(string path) => _files.Remove(path);
}
