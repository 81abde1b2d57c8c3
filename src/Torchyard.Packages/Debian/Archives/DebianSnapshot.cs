using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>
/// Finds in snapshot.debian.org what an archive no longer has: first the archive as it was when the lock was made, then by asking for
/// every file that ever had the package's name and version (the machine-usable interface, snapshot.debian.org/file/API).
/// </summary>
internal sealed class DebianSnapshot(Transport transport, Uri root)
{
    private const int MostBytes = 1 << 20;

    /// <summary>The service.</summary>
    public static readonly Uri Default = new("https://snapshot.debian.org/");

    /// <summary>Places where a locked package may still be, best first. What the service cannot answer is left out.</summary>
    public async IAsyncEnumerable<Uri> FindAsync(
        LockedArchive archive,
        LockedDebianPackage package,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var name = ArchiveRoots.IsSecurity(archive.Uri) ? "debian-security" : "debian";

        // The service answers with the newest state at or before the time asked for.
        var stamp = DateTimeOffset
            .FromUnixTimeSeconds(archive.ReleaseDate)
            .UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        yield return PackageAddress.Of(UrlText.At(root, $"archive/{name}/{stamp}/"), package.Filename);
        var later = DateTimeOffset
            .FromUnixTimeSeconds(archive.ReleaseDate)
            .AddDays(1)
            .UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        yield return PackageAddress.Of(UrlText.At(root, $"archive/{name}/{later}/"), package.Filename);

        foreach (var hash in await HashesAsync(package, cancellation))
        {
            yield return UrlText.At(root, $"file/{hash}");
        }
    }

    private async Task<List<string>> HashesAsync(LockedDebianPackage package, CancellationToken cancellation)
    {
        try
        {
            var address = UrlText.At(
                root,
                $"mr/binary/{Uri.EscapeDataString(package.Name)}/{Uri.EscapeDataString(package.Version)}/binfiles?fileinfo=1"
            );
            var answer = JsonSerializer.Deserialize(
                await transport.GetSmallAsync(address, MostBytes, cancellation),
                SnapshotJson.Default.BinaryFiles
            );

            // fileinfo is keyed by SHA-1; the lock's SHA-256 decides in the end, size and architecture only leave out what cannot be it.
            var fitting = (answer?.Result ?? []).Where(file => file.Architecture == package.Architecture).Select(file => file.Hash ?? "");
            return [.. fitting.Where(hash => hash.Length == 40 && hash.All(char.IsAsciiHexDigit) && HasSize(answer!, hash, package.Size))];
        }
        catch (Exception error) when (error is HttpFailureException or JsonException)
        {
            return [];
        }
    }

    private static bool HasSize(BinaryFiles answer, string hash, long size) =>
        answer.FileInfo is null
        || !answer.FileInfo.TryGetValue(hash, out var places)
        || places.Count == 0
        || places.Exists(place => place.Size == size);
}

/// <summary>Answer of <c>/mr/binary/NAME/VERSION/binfiles?fileinfo=1</c>.</summary>
internal sealed record BinaryFiles(
    [property: JsonPropertyName("result")] List<BinaryFile>? Result,
    [property: JsonPropertyName("fileinfo")] Dictionary<string, List<FilePlace>>? FileInfo
);

/// <summary>One binary package file.</summary>
internal sealed record BinaryFile(
    [property: JsonPropertyName("architecture")] string? Architecture,
    [property: JsonPropertyName("hash")] string? Hash
);

/// <summary>Where a file was seen.</summary>
internal sealed record FilePlace([property: JsonPropertyName("size")] long Size);

/// <summary>JSON of the service.</summary>
[JsonSerializable(typeof(BinaryFiles))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
