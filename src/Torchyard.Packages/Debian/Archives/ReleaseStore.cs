using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>
/// InRelease files that were verified, by their hash, and the last one of each suite: a lock that is made again reads the archive as it was
/// for the first, and <c>--offline</c> as it was last. Their signatures are checked again at each use.
/// </summary>
internal sealed class ReleaseStore(StorePaths store)
{
    private string Root => Path.Combine(store.Indexes, "releases");

    /// <summary>The file of a hash, or null.</summary>
    public byte[]? Find(Digest digest)
    {
        var path = Path.Combine(Root, digest.Hex);
        var content = File.Exists(path) ? File.ReadAllBytes(path) : null;
        return content is not null && Digest.Of(content) == digest ? content : null;
    }

    /// <summary>The last file of a suite, or null.</summary>
    public byte[]? FindLast(DebianArchive archive)
    {
        var path = LastPath(archive);
        return File.Exists(path) && Digest.TryParse(File.ReadAllText(path).Trim(), out var digest) ? Find(digest) : null;
    }

    /// <summary>The signature that came beside a file; null for one that has it inside.</summary>
    public byte[]? FindSignature(Digest digest)
    {
        var path = SignaturePath(digest);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    /// <summary>Keeps a file as the last one of its suite.</summary>
    /// <param name="archive">The suite.</param>
    /// <param name="content">The file.</param>
    /// <param name="signature">Its signature, when that is a file of its own.</param>
    public void Add(DebianArchive archive, byte[] content, byte[]? signature = null)
    {
        var digest = Digest.Of(content);
        Directory.CreateDirectory(Root);
        if (signature is not null)
        {
            // It may be signed again, with another key, without a change.
            AtomicFile.Write(SignaturePath(digest), signature);
        }

        if (Find(digest) is null)
        {
            AtomicFile.Write(Path.Combine(Root, digest.Hex), content);
        }

        if (!File.Exists(LastPath(archive)) || File.ReadAllText(LastPath(archive)).Trim() != digest.ToString())
        {
            AtomicFile.WriteText(LastPath(archive), digest.ToString());
        }
    }

    private string SignaturePath(Digest digest) => Path.Combine(Root, digest.Hex + ".gpg");

    private string LastPath(DebianArchive archive) =>
        Path.Combine(Root, Digest.Of(System.Text.Encoding.UTF8.GetBytes($"{archive.CanonicalUri} {archive.Suite}")).Hex + ".last");
}
