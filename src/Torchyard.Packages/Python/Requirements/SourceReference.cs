using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>A source that a wheel is to be built from, as a requirement, an index or a lock names it.</summary>
public sealed record SourceReference
{
    /// <summary>
    /// Where it is: the archive (https or a file), or the repository (https, ssh, file; http on loopback and trusted hosts).
    /// </summary>
    public required Uri Url { get; init; }

    /// <summary>File name of the archive; null for a Git repository.</summary>
    public string? Filename { get; init; }

    /// <summary>SHA-256 that the archive must have; null when nobody knows it yet.</summary>
    public Digest? Sha256 { get; init; }

    /// <summary>Bytes of the archive, when they are known.</summary>
    public long? Size { get; init; }

    /// <summary>Branch, tag or commit; null for HEAD.</summary>
    public string? Revision { get; init; }

    /// <summary>Full hash of the commit, when it is known.</summary>
    public string? Commit { get; init; }

    /// <summary>Tags of the commit's history that a build sees, when they are known.</summary>
    public IReadOnlyList<LockedTag>? Tags { get; init; }

    /// <summary>Directory of the project inside the source; null for the top.</summary>
    public string? Subdirectory { get; init; }

    /// <summary>Path of a local archive as the user wrote it, which the lock keeps; null for what has a URL.</summary>
    public string? Path { get; init; }

    /// <summary>True for an archive of an index, whose mirrors have it elsewhere: the lock keeps no URL.</summary>
    public bool IsFromIndex { get; init; }

    /// <summary>True for a Git repository.</summary>
    public bool IsGit => Filename is null;

    /// <summary>The source for messages.</summary>
    public string Shown =>
        Filename
        ?? Url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            + (Revision is null ? "" : "@" + Revision);

    /// <summary>
    /// URL for the lock and for direct_url.json: without password; the user of ssh stays, since it is part of the address.
    /// </summary>
    public string PublicUrl =>
        new UriBuilder(Url)
        {
            Password = "",
            Fragment = "",
            UserName = Url.Scheme == "ssh" ? Url.UserInfo.Split(':')[0] : "",
        }
            .Uri
            .AbsoluteUri;

    /// <summary>True when a source of a lock answers this reference: what was locked stays then.</summary>
    public bool IsAnsweredBy(LockedSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.Subdirectory == Subdirectory
            && (
                IsGit
                    ? (Commit is null ? source.Commit is not null : source.Commit == Commit)
                        && source.Url == PublicUrl
                        && source.Revision == Revision
                    : source.Filename == Filename && (Sha256 is null ? !Url.IsFile && source.Url == PublicUrl : source.Sha256 == Sha256)
            );
    }
}
