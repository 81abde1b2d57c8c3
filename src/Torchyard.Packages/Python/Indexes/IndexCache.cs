using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>A page as an index served it.</summary>
/// <param name="MediaType">Its media type, or null when the server named none; <see cref="Absent"/> for a project that the index does not
/// have.</param>
/// <param name="Url">Where it was in the end, after redirects; its links are relative to that.</param>
/// <param name="ETag">Validator (RFC 9110, 8.8.3), or null.</param>
/// <param name="LastModified">Validator (RFC 9110, 8.8.2), or null.</param>
internal sealed record CachedPage(string? MediaType, string Url, string? ETag, string? LastModified)
{
    /// <summary>Media type of a page that is not there.</summary>
    public const string Absent = "absent";

    /// <summary>The content.</summary>
    [JsonIgnore]
    public byte[] Content { get; init; } = [];
}

/// <summary>
/// Pages and METADATA that indexes served, below <c>indexes/python</c> of the store: pages are asked again with their validators, METADATA
/// of a file with a hash never changes. Each file begins with the SHA-256 of the rest; one that does not fit it is as if it were not there.
/// </summary>
public sealed class IndexCache(StorePaths store)
{
    private const int HashLength = SHA256.HashSizeInBytes;
    private const int HeaderLimit = 16 * 1024;

    /// <summary>The page of a URL, or null.</summary>
    internal CachedPage? FindPage(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (Read(PagePath(url)) is not { Length: > 4 } file)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(file);
        if (length is <= 0 or > HeaderLimit || file.Length < 4 + length)
        {
            return null;
        }

        try
        {
            var header = JsonSerializer.Deserialize(file.AsSpan(4, length), IndexCacheJson.Default.CachedPage);
            return header is null ? null : header with { Content = file[(4 + length)..] };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps a page.</summary>
    internal void AddPage(Uri url, CachedPage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        var header = JsonSerializer.SerializeToUtf8Bytes(page, IndexCacheJson.Default.CachedPage);
        if (header.Length > HeaderLimit)
        {
            return;
        }

        var file = new byte[4 + header.Length + page.Content.Length];
        BinaryPrimitives.WriteInt32LittleEndian(file, header.Length);
        header.CopyTo(file, 4);
        page.Content.CopyTo(file, 4 + header.Length);
        Write(PagePath(url), file);
    }

    /// <summary>METADATA of a wheel whose hash its index gives, or null.</summary>
    internal byte[]? FindMetadata(ProjectFile file) => MetadataPath(file) is { } path ? Read(path) : null;

    /// <summary>Keeps METADATA of a wheel whose hash its index gives.</summary>
    internal void AddMetadata(ProjectFile file, byte[] content)
    {
        if (MetadataPath(file) is { } path)
        {
            Write(path, content);
        }
    }

    private string PagePath(Uri url) => Place("pages", url.AbsoluteUri);

    // The URL is part of the key: what one index says of a file is not believed of another's.
    private string? MetadataPath(ProjectFile file) =>
        file.Sha256 is { } hash ? Place("metadata", $"{hash.Hex} {file.Url.AbsoluteUri}") : null;

    private string Place(string kind, string key)
    {
        var name = Digest.Of(Encoding.UTF8.GetBytes(key)).Hex;
        return Path.Combine(store.Indexes, "python", kind, name[..2], name);
    }

    private static byte[]? Read(string path)
    {
        try
        {
            var file = File.Exists(path) ? File.ReadAllBytes(path) : [];
            return file.Length > HashLength && SHA256.HashData(file.AsSpan(HashLength)).AsSpan().SequenceEqual(file.AsSpan(0, HashLength))
                ? file[HashLength..]
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(string path, byte[] content)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            // Not flushed to the disk, as there are hundreds: what a power cut leaves of it does not fit its hash.
            var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
            using (var file = File.Create(temporary))
            {
                file.Write(SHA256.HashData(content));
                file.Write(content);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A store that cannot be written is reported where it matters; without the cache all works, only slower.
        }
    }
}

[JsonSerializable(typeof(CachedPage))]
internal sealed partial class IndexCacheJson : JsonSerializerContext;
