using System.Globalization;
using Torchyard.Mirror.Requests;
using Torchyard.Platform.Files;

namespace Torchyard.Mirror.Store;

/// <summary>
/// What repositories link: directories with a small file for each tag, manifest, blob and referrer. Names of files begin with an
/// underscore, which no part of a repository's name does.
/// </summary>
internal sealed class Repositories
{
    private const string Tags = "_tags";
    private const string ManifestLinks = "_manifests";
    private const string BlobLinks = "_blobs";
    private const string ReferrerLinks = "_referrers";
    private const string UpstreamMark = "_upstream";
    private const int LongestLink = 1024;

    private readonly string _root;
    private readonly TimeProvider _clock;

    public Repositories(string root, TimeProvider clock)
    {
        _clock = clock;
        _root = Path.Combine(root, "repositories");
        StoreDirectory.Create(_root, StoreDirectory.OwnerOnly);
    }

    /// <summary>True for a repository in which something is or was.</summary>
    public bool Exists(string repository) =>
        Directory.Exists(Place(repository, ManifestLinks)) || Directory.Exists(Place(repository, BlobLinks));

    /// <summary>Says that all repositories below a first part are copies of a registry's.</summary>
    public void MarkUpstream(string first)
    {
        var directory = Path.Combine(_root, first);
        StoreDirectory.Create(directory, StoreDirectory.OwnerOnly);
        if (!File.Exists(Path.Combine(directory, UpstreamMark)))
        {
            AtomicFile.Write(Path.Combine(directory, UpstreamMark), []);
        }
    }

    /// <summary>True for a copy of another registry's, which can be fetched again.</summary>
    public bool IsCopy(string repository) => File.Exists(Path.Combine(_root, repository.Split('/')[0], UpstreamMark));

    /// <summary>What a tag stands for; null where there is none.</summary>
    public TagLink? TagOf(string repository, string tag)
    {
        var path = Path.Combine(Place(repository, Tags), tag);
        return Read(path) is { } text && ContentDigest.TryParse(text, out var digest)
            ? new TagLink(digest, new DateTimeOffset(File.GetLastWriteTimeUtc(path)))
            : null;
    }

    /// <summary>Sets a tag; it counts as looked up now.</summary>
    public void SetTag(string repository, string tag, ContentDigest digest)
    {
        Write(Path.Combine(Place(repository, Tags), tag), digest.ToString());
        File.SetLastWriteTimeUtc(Path.Combine(Place(repository, Tags), tag), _clock.GetUtcNow().UtcDateTime);
    }

    /// <summary>Removes a tag.</summary>
    /// <returns>False when there was none.</returns>
    public bool RemoveTag(string repository, string tag) => Delete(Path.Combine(Place(repository, Tags), tag));

    /// <summary>Tags in order of their bytes.</summary>
    public IReadOnlyList<string> TagsOf(string repository) => [.. FilesOf(Place(repository, Tags)).Order(StringComparer.Ordinal)];

    /// <summary>Media type of a manifest of a repository; null when the repository does not have it.</summary>
    public string? TypeOf(string repository, ContentDigest digest) => Read(Path.Combine(Place(repository, ManifestLinks), digest.FileName));

    /// <summary>Links a manifest.</summary>
    public void AddManifest(string repository, ContentDigest digest, string mediaType) =>
        Write(Path.Combine(Place(repository, ManifestLinks), digest.FileName), mediaType);

    /// <summary>Removes a manifest and the tags that stand for it.</summary>
    /// <returns>False when there was none.</returns>
    public bool RemoveManifest(string repository, ContentDigest digest)
    {
        foreach (var tag in TagsOf(repository).Where(tag => TagOf(repository, tag)?.Digest == digest))
        {
            RemoveTag(repository, tag);
        }

        return Delete(Path.Combine(Place(repository, ManifestLinks), digest.FileName));
    }

    /// <summary>Manifests of a repository.</summary>
    public IEnumerable<ContentDigest> ManifestsOf(string repository) => DigestsOf(Place(repository, ManifestLinks));

    /// <summary>Size of a blob that a repository links; null when it does not.</summary>
    public long? SizeOf(string repository, ContentDigest digest) =>
        long.TryParse(
            Read(Path.Combine(Place(repository, BlobLinks), digest.FileName)),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var size
        )
            ? size
            : null;

    /// <summary>Links a blob.</summary>
    public void AddBlob(string repository, ContentDigest digest, long size)
    {
        if (SizeOf(repository, digest) != size)
        {
            Write(Path.Combine(Place(repository, BlobLinks), digest.FileName), size.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Removes the link of a blob.</summary>
    /// <returns>False when there was none.</returns>
    public bool RemoveBlob(string repository, ContentDigest digest) => Delete(Path.Combine(Place(repository, BlobLinks), digest.FileName));

    /// <summary>Blobs that a repository links.</summary>
    public IEnumerable<ContentDigest> BlobsOf(string repository) => DigestsOf(Place(repository, BlobLinks));

    /// <summary>Says that a manifest names another as its subject.</summary>
    public void AddReferrer(string repository, ContentDigest subject, ContentDigest referrer) =>
        Write(Path.Combine(Place(repository, ReferrerLinks), subject.FileName, referrer.FileName), "");

    /// <summary>Takes that back.</summary>
    public void RemoveReferrer(string repository, ContentDigest subject, ContentDigest referrer) =>
        Delete(Path.Combine(Place(repository, ReferrerLinks), subject.FileName, referrer.FileName));

    /// <summary>Manifests that name one as their subject.</summary>
    public IEnumerable<ContentDigest> ReferrersOf(string repository, ContentDigest subject) =>
        DigestsOf(Path.Combine(Place(repository, ReferrerLinks), subject.FileName));

    /// <summary>All repositories in order of their bytes.</summary>
    public IReadOnlyList<string> All()
    {
        var found = new List<string>();
        Walk(_root, "", found);
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private static void Walk(string directory, string name, List<string> found)
    {
        foreach (var path in Directory.EnumerateDirectories(directory))
        {
            var part = Path.GetFileName(path);
            if (part == ManifestLinks || (part == BlobLinks && !Directory.Exists(Path.Combine(directory, ManifestLinks))))
            {
                found.Add(name);
            }
            else if (part[0] != '_')
            {
                Walk(path, name.Length == 0 ? part : $"{name}/{part}", found);
            }
        }
    }

    private string Place(string repository, string kind) =>
        Names.IsRepository(repository)
            ? Path.Combine(_root, repository, kind)
            : throw new ArgumentException($"'{repository}' is not the name of a repository", nameof(repository));

    private static IEnumerable<ContentDigest> DigestsOf(string directory)
    {
        foreach (var name in FilesOf(directory))
        {
            if (ContentDigest.TryParseFileName(name, out var digest))
            {
                yield return digest;
            }
        }
    }

    // What a write that was killed left beside a file ends in .tmp, and begins with the name of the file.
    private static IEnumerable<string> FilesOf(string directory) =>
        Directory.Exists(directory)
            ? Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Where(name => !IsUnfinished(name))
            : [];

    private static bool IsUnfinished(string name) =>
        name.EndsWith(".tmp", StringComparison.Ordinal) && name.Length > 37 && name[^37] == '-';

    private static string? Read(string path) => RegularFile.TryReadText(path, LongestLink)?.TrimEnd('\n');

    private static void Write(string path, string text)
    {
        StoreDirectory.Create(Path.GetDirectoryName(path)!, StoreDirectory.OwnerOnly);
        AtomicFile.WriteText(path, text + "\n");
    }

    private static bool Delete(string path)
    {
        var was = File.Exists(path);
        if (was)
        {
            File.Delete(path);
        }

        return was;
    }
}

/// <summary>What a tag stands for.</summary>
/// <param name="Digest">Of the manifest.</param>
/// <param name="Checked">When that was so last.</param>
internal sealed record TagLink(ContentDigest Digest, DateTimeOffset Checked);
