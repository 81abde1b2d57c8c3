using System.Text;
using Torchyard.Platform;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>Reads <c>torchyard.lock</c> and refuses one that is damaged, edited by hand, or from another version of the format.</summary>
public static class LockReader
{
    private const int LargestFile = 64 << 20;
    internal const string Cure = "run 'torchyard lock' to write it again";

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path as the user gave it; error messages repeat it.</param>
    /// <exception cref="TorchyardException">TY1020 to TY1024: there is no lock, or it cannot be used.</exception>
    public static RecipeLock ReadFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!File.Exists(path))
        {
            throw new TorchyardException("TY1020", $"there is no lock {path}", "run 'torchyard lock' first") { IsUsage = true };
        }

        if (new FileInfo(path).Length > LargestFile)
        {
            throw new TorchyardException("TY1021", $"{path} is too large to be a lock", Cure) { IsUsage = true };
        }

        return Read(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads a lock from memory.</summary>
    /// <param name="content">UTF-8 text.</param>
    /// <param name="file">Path for error messages.</param>
    public static RecipeLock Read(ReadOnlySpan<byte> content, string file)
    {
        var document = TomlDocument.Parse(content, file, "TY1021", Cure);
        var table = new TomlTableReader(document, "", file, new HashSet<string>(StringComparer.Ordinal));
        CheckVersion(table);
        var checksum = RequiredDigest(table, LockText.ChecksumKey);
        if (checksum != ChecksumOf(content))
        {
            throw table.Wrong(LockText.ChecksumKey, "the lock was changed after it was written", Cure + "; to change what is locked, change the recipe", "TY1024");
        }

        var result = new RecipeLock
        {
            RecipeDigest = RequiredDigest(table, "recipe-digest"),
            SourceDateEpoch = Required(table, "source-date-epoch"),
            Tools = ReadTools(RequiredTable(table, "tools")),
            Recipe = ReadRecipe(RequiredTable(table, "recipe")),
            Archives = [.. table.Tables("archive").Select(ReadArchive)],
            Packages = [.. table.Tables("package").Select(ReadPackage)],
            BuildPackages = [.. table.Tables("build-package").Select(ReadPackage)],
            Cudnn = table.Table(RedistLockText.CudnnTable) is { } cudnn ? RedistLockText.ReadCudnn(cudnn) : null,
            CudaCompat = table.Table(RedistLockText.CudaCompatTable) is { } compat ? RedistLockText.ReadCudaCompat(compat) : null,
            Fit = table.Table("fit") is { } fit ? FitLockText.Read(fit) : null,
            Python = table.Table("python") is { } python ? PythonLockText.Read(python) : null,
        };
        table.Finish();
        return result;
    }

    internal static long Required(TomlTableReader table, string key) =>
        table.Whole(key, 0, long.MaxValue) ?? throw table.Wrong(key, $"the key '{key}' is missing", Cure, "TY1021");

    internal static Digest RequiredDigest(TomlTableReader table, string key) =>
        Digest.TryParse(table.RequiredText(key), out var digest) ? digest
            : throw table.Wrong(key, $"'{key}' is no SHA-256 digest", Cure, "TY1021");

    private static TomlTableReader RequiredTable(TomlTableReader table, string key) =>
        table.Table(key) ?? throw table.Wrong(key, $"the table [{key}] is missing", Cure, "TY1021");

    private static void CheckVersion(TomlTableReader table)
    {
        var version = Required(table, "version");
        if (version != RecipeLock.CurrentVersion)
        {
            throw table.Wrong("version", $"the lock has format {version}; this program knows format {RecipeLock.CurrentVersion}",
                version > RecipeLock.CurrentVersion ? "use a newer torchyard, or lock again with this one: 'torchyard lock'" : Cure, "TY1022");
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

    private static LockedArchive ReadArchive(TomlTableReader table)
    {
        var result = new LockedArchive(
            table.RequiredText("id"),
            table.RequiredText("uri"),
            table.RequiredText("suite"),
            table.Texts("components") ?? [],
            RequiredDigest(table, "release-digest"),
            Required(table, "release-date"));
        table.Finish();
        return result;
    }

    private static LockedDebianPackage ReadPackage(TomlTableReader table)
    {
        var result = new LockedDebianPackage
        {
            Name = table.RequiredText("name"),
            Version = table.RequiredText("version"),
            Architecture = table.RequiredText("architecture"),
            Source = table.RequiredText("source"),
            Archive = table.RequiredText("archive"),
            Filename = table.RequiredText("filename"),
            Size = Required(table, "size"),
            Sha256 = RequiredDigest(table, "sha256"),
            InstalledSize = Required(table, "installed-size"),
            Essential = table.Flag("essential") ?? false,
            Requested = table.Flag("requested") ?? false,
        };
        table.Finish();
        if (result.Filename.StartsWith('/') || result.Filename.Split('/').Contains(".."))
        {
            throw table.Wrong("filename", $"'{result.Filename}' leaves the archive", Cure, "TY1021");
        }

        return result;
    }
}
