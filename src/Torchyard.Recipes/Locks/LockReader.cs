using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Locks;

/// <summary>Reads <c>torchyard.lock</c> and refuses one that is damaged, edited by hand, or from another version of the format.</summary>
public static class LockReader
{
    /// <summary>Most bytes of a lock.</summary>
    public const int LargestFile = 64 << 20;

    internal const string Cure = "run 'torchyard lock' to write it again";

    private const string MergeCure =
        "it has the marks of a merge conflict: run 'torchyard lock', which writes it again and keeps the versions of both sides";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path as the user gave it; error messages repeat it.</param>
    /// <exception cref="TorchyardException">TY1020 to TY1024: there is no lock, or it cannot be used.</exception>
    public static RecipeLock ReadFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (RegularFile.Length(path) > LargestFile)
        {
            throw new TorchyardException(LockCodes.Damaged, $"{path} is too large to be a lock", Cure) { IsUsage = true };
        }

        return RegularFile.TryRead(path, LargestFile) is { } content
            ? Read(content, path)
            : throw new TorchyardException("TY1020", $"there is no lock {path}", "run 'torchyard lock' first") { IsUsage = true };
    }

    /// <summary>Reads a lock from memory.</summary>
    /// <param name="content">UTF-8 text.</param>
    /// <param name="file">Path for error messages.</param>
    public static RecipeLock Read(ReadOnlySpan<byte> content, string file) => Read(content, file, isChecked: true);

    /// <summary>Digest of a lock's text. Line ends, a byte order mark and empty lines at the end are not part of it.</summary>
    public static Digest TextDigestOf(ReadOnlySpan<byte> content) => Digest.Of(PlainLines.Of(content));

    /// <summary>Reads what was a lock and is one no more: neither its format nor its checksum is looked at.</summary>
    internal static RecipeLock ReadUnchecked(ReadOnlySpan<byte> content, string file) => Read(content, file, isChecked: false);

    private static RecipeLock Read(ReadOnlySpan<byte> content, string file, bool isChecked)
    {
        content = PlainLines.Of(content);
        var document = TomlDocument.Parse(content, file, LockCodes.Damaged, Cure, MergeCure);
        var table = new TomlTableReader(document, "", file, new HashSet<string>(StringComparer.Ordinal));
        var version = Required(table, "version");
        if (isChecked)
        {
            CheckVersion(table, version);
        }

        var checksum = RequiredDigest(table, LockText.ChecksumKey);
        if (isChecked && checksum != ChecksumOf(content))
        {
            throw table.Wrong(
                LockText.ChecksumKey,
                "the lock was changed after it was written",
                Cure + "; to change what is locked, change the recipe",
                LockCodes.Edited
            );
        }

        var result = new RecipeLock
        {
            RecipeDigest = RequiredDigest(table, "recipe-digest"),
            SourceDateEpoch = Required(table, "source-date-epoch"),
            Tools = ReadTools(RequiredTable(table, "tools")),
            Recipe = ReadRecipe(RequiredTable(table, "recipe")),
            Archives = [],
            Packages = [],
        };
        result = LockSections.All.Aggregate(result, (locked, section) => section.Read(table, locked));
        table.Finish();
        return result;
    }

    internal static long Required(TomlTableReader table, string key) =>
        table.Whole(key, 0, long.MaxValue) ?? throw table.Wrong(key, $"the key '{key}' is missing", Cure, LockCodes.Damaged);

    internal static Digest RequiredDigest(TomlTableReader table, string key) =>
        Digest.TryParse(table.RequiredText(key), out var digest)
            ? digest
            : throw table.Wrong(key, $"'{key}' is not a SHA-256 digest", Cure, LockCodes.Damaged);

    /// <summary>An address that the lock may leave out.</summary>
    internal static string? Address(TomlTableReader table, string key) =>
        table.Text(key) is not { } text ? null
        : UrlText.TryRead(text, out _) ? text
        : throw table.Wrong(key, $"'{key}' is not an address", Cure, LockCodes.Damaged);

    /// <summary>An address that must be there.</summary>
    internal static string RequiredAddress(TomlTableReader table, string key)
    {
        _ = table.RequiredText(key);
        return Address(table, key)!;
    }

    private static TomlTableReader RequiredTable(TomlTableReader table, string key) =>
        table.Table(key) ?? throw table.Wrong(key, $"the table [{key}] is missing", Cure, LockCodes.Damaged);

    private static void CheckVersion(TomlTableReader table, long version)
    {
        if (version != RecipeLock.CurrentVersion)
        {
            throw table.Wrong(
                "version",
                $"the lock has format {version}; this program knows format {RecipeLock.CurrentVersion}",
                version > RecipeLock.CurrentVersion ? "use a newer torchyard, or lock again with this one: 'torchyard lock'" : Cure,
                LockCodes.OtherFormat
            );
        }
    }

    // Everything below the line of the checksum.
    private static Digest ChecksumOf(ReadOnlySpan<byte> content)
    {
        var key = Encoding.UTF8.GetBytes($"\n{LockText.ChecksumKey} = ");
        var start = content.IndexOf(key);
        var end = start < 0 ? -1 : content[(start + 1)..].IndexOf((byte)'\n');
        return end < 0 ? default : Digest.Of(content[(start + 1 + end + 1)..]);
    }

    private static LockedTools ReadTools(TomlTableReader table)
    {
        var result = new LockedTools((int)Required(table, "format"), RequiredDigest(table, "supervisor"), table.RequiredText("compressor"));
        table.Finish();
        return result;
    }

    private static Recipe ReadRecipe(TomlTableReader table)
    {
        var result = RecipeReader.Read(table);
        table.Finish();
        return result;
    }
}
