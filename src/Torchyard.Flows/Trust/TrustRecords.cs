using System.Text;
using System.Text.Json;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Flows.Trust;

/// <summary>
/// What the user allowed which recipe, in the user's own state directory (XDG Base Directory Specification): never in the project, where
/// whoever writes the recipe could write it too. One file a recipe.
/// </summary>
/// <param name="directory">The directory of the records, absolute.</param>
internal sealed class TrustRecords(string directory)
{
    private const long LargestRecord = 4 << 20;

    /// <summary>The records of a caller; root never uses those of another user, whose HOME sudo may have kept.</summary>
    public static TrustRecords Of(Caller caller) => new(Path.Combine(StateDirectory(caller), "trust"));

    /// <summary>Torchyard's directory among the caller's states, where nothing else is.</summary>
    public static string StateDirectory(Caller caller) => Path.Combine(caller.OwnDirectories.State, "torchyard");

    /// <summary>What a recipe was allowed; empty for nothing, and where the record is damaged.</summary>
    /// <param name="recipe">Its identity.</param>
    public IReadOnlyList<Wish> Find(string recipe) =>
        Load(FileOf(recipe)) is { } record && record.Recipe == recipe ? record.Read() ?? [] : [];

    /// <summary>All records that can be read, by recipe.</summary>
    public IReadOnlyList<TrustRecord> All()
    {
        if (!Directory.Exists(directory))
        {
            return [];
        }

        return
        [
            .. Directory
                .EnumerateFiles(directory, "*.json")
                .Select(Load)
                .OfType<TrustRecord>()
                .Where(record => record.Read() is not null)
                .OrderBy(record => record.Recipe, StringComparer.Ordinal),
        ];
    }

    /// <summary>Remembers what a recipe was allowed, in the place of what was remembered before.</summary>
    public void Write(TrustRecord record)
    {
        Directory.CreateDirectory(directory, (UnixFileMode)FileModes.PrivateDirectory);
        RequireMine();
        File.SetUnixFileMode(directory, (UnixFileMode)FileModes.PrivateDirectory);
        AtomicFile.Write(
            FileOf(record.Recipe),
            JsonSerializer.SerializeToUtf8Bytes(record, TrustRecordJson.Default.TrustRecord),
            (UnixFileMode)FileModes.Private
        );
    }

    /// <summary>Forgets what a recipe was allowed.</summary>
    public void Remove(string recipe)
    {
        RequireMine();
        File.Delete(FileOf(recipe));
    }

    private string FileOf(string recipe) => Path.Combine(directory, Digest.Of(Encoding.UTF8.GetBytes(recipe)).Hex[..32] + ".json");

    private TrustRecord? Load(string file)
    {
        if (!Directory.Exists(directory))
        {
            return null;
        }

        RequireMine();
        try
        {
            return IsMine(file)
                ? JsonSerializer.Deserialize(RegularFile.ReadAllBytes(file, LargestRecord), TrustRecordJson.Default.TrustRecord)
                : null;
        }
        catch (Exception unusable)
            when (unusable
                    is IOException
                        or UnauthorizedAccessException
                        or JsonException
                        or TorchyardException { Code: PlatformCodes.NotRegular or PlatformCodes.TooLarge }
            )
        {
            // Counts as never allowed: the user is asked again.
            return null;
        }
    }

    /// <summary>A directory that others can write to says nothing about what this user allowed.</summary>
    /// <exception cref="TorchyardException">TY1044.</exception>
    private void RequireMine()
    {
        if (!IsMine(directory))
        {
            throw new TorchyardException(
                "TY1044",
                $"{directory} is not this user's alone, so what it says about allowed recipes may be somebody else's",
                $"look at who owns it; then remove it, or give it to yourself: chown and chmod 700 {directory}"
            );
        }
    }

    private static bool IsMine(string path) => FileFacts.Find(path) is { IsOursAlone: true };
}
