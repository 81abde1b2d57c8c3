using System.Globalization;
using System.Text;
using Torchyard.Packages.Debian.Control;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>What a Release file says (wiki.debian.org/DebianRepository/Format, "Release" files).</summary>
internal sealed class ReleaseFile
{
    private static readonly string[] DateFormats = ["ddd, dd MMM yyyy HH:mm:ss", "ddd, d MMM yyyy HH:mm:ss", "ddd, d MMM yyyy H:mm:ss"];

    private readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IndexEntry> _files = new(StringComparer.Ordinal);

    private ReleaseFile() { }

    /// <summary>Hash of the file as it came.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Fingerprint of the key that signed it.</summary>
    public required string Signer { get; init; }

    /// <summary>Value of Date, UTC.</summary>
    public DateTime Date { get; private init; }

    /// <summary>Value of Valid-Until, or null.</summary>
    public DateTime? ValidUntil { get; private init; }

    /// <summary>True when indexes can be fetched by hash.</summary>
    public bool ByHash => this["Acquire-By-Hash"] == "yes";

    /// <summary>apt's default pin priority for packages of the suite (apt_preferences(5)).</summary>
    public int PinPriority =>
        this["NotAutomatic"] != "yes" ? 500
        : this["ButAutomaticUpgrades"] == "yes" ? 100
        : 1;

    /// <summary>A field, or null.</summary>
    public string? this[string name] => _fields.GetValueOrDefault(name);

    /// <summary>The words of a list field.</summary>
    public string[] Words(string name) => this[name]?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Hash and size of a file below <c>dists/SUITE</c>, or null.</summary>
    public IndexEntry? Find(string path) => _files.GetValueOrDefault(path);

    /// <summary>Reads the signed text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="digest">Hash of the whole file.</param>
    /// <param name="source">Its address, for errors.</param>
    /// <param name="signer">Fingerprint of the key that signed it.</param>
    /// <exception cref="TorchyardException">TY2026: the text is not a usable Release file.</exception>
    public static ReleaseFile Read(ReadOnlySpan<byte> text, Digest digest, string source, string signer = "")
    {
        var reader = new ControlReader(text);
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var files = new Dictionary<string, IndexEntry>(StringComparer.Ordinal);
        if (reader.NextStanza())
        {
            while (reader.NextField())
            {
                if (reader.Is("SHA256"u8))
                {
                    ReadFiles(reader.Value, files, source);
                }
                else if (!reader.Is("MD5Sum"u8) && !reader.Is("SHA1"u8))
                {
                    fields[Encoding.UTF8.GetString(reader.Name)] = Encoding.UTF8.GetString(reader.Value);
                }
            }
        }

        if (files.Count == 0)
        {
            throw Unusable(source, "it lists no SHA256 hashes");
        }

        var release = new ReleaseFile
        {
            Digest = digest,
            Signer = signer,
            Date = fields.TryGetValue("Date", out var date) ? ReadDate(date, source) : throw Unusable(source, "it has no Date"),
            ValidUntil = fields.TryGetValue("Valid-Until", out var until) ? ReadDate(until, source) : null,
        };
        foreach (var (name, value) in fields)
        {
            release._fields[name] = value;
        }

        foreach (var (path, entry) in files)
        {
            release._files[path] = entry;
        }

        return release;
    }

    private static void ReadFiles(ReadOnlySpan<byte> value, Dictionary<string, IndexEntry> files, string source)
    {
        foreach (var range in value.Split((byte)'\n'))
        {
            var words = ControlText.Words(value[range]);
            if (words.Length == 0)
            {
                continue;
            }

            if (
                words.Length != 3
                || !Digest.TryParse(words[0], out var digest)
                || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            )
            {
                throw Unusable(source, $"a line of SHA256 cannot be read: '{ControlText.Excerpt(value[range])}'");
            }

            files.TryAdd(words[2], new IndexEntry(words[2], digest, size));
        }
    }

    private static DateTime ReadDate(string value, string source)
    {
        var text = value.Trim();
        foreach (var zone in new[] { " UTC", " GMT", " +0000", " Z" })
        {
            if (
                text.EndsWith(zone, StringComparison.Ordinal)
                && DateTime.TryParseExact(
                    text[..^zone.Length],
                    DateFormats,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal | DateTimeStyles.AllowInnerWhite,
                    out var date
                )
            )
            {
                return date;
            }
        }

        throw Unusable(source, $"'{value}' is not a date in UTC");
    }

    private static TorchyardException Unusable(string source, string what) =>
        new(
            "TY2026",
            $"{source} cannot be used: {what}",
            "use another mirror; if it is your own archive, make its Release file with SHA256 and Date fields"
        );
}

/// <summary>A file that a Release file lists.</summary>
/// <param name="Path">Path below <c>dists/SUITE</c>.</param>
/// <param name="Sha256">Its hash.</param>
/// <param name="Size">Its size in bytes.</param>
internal sealed record IndexEntry(string Path, Digest Sha256, long Size);
