namespace Torchyard.Testing.Loopback;

/// <summary>What a <see cref="FakeRegistry"/> does otherwise than a plain one.</summary>
public sealed record RegistryQuirks
{
    /// <summary>User and password, asked for by Basic; null for none.</summary>
    public (string User, string Password)? Basic { get; init; }

    /// <summary>Tokens are wanted, which this server gives to whoever has this login; an empty user for everybody.</summary>
    public (string User, string Password)? Bearer { get; init; }

    /// <summary>Requests that a token is good for; then it has ended.</summary>
    public int TokenUses { get; init; } = int.MaxValue;

    /// <summary>The realm in place of this server's own.</summary>
    public string? Realm { get; init; }

    /// <summary>Blobs are on another host, to which requests for them are redirected.</summary>
    public bool RedirectsBlobs { get; init; }

    /// <summary>Range is ignored.</summary>
    public bool IgnoresRanges { get; init; }

    /// <summary>The first so many answers with a blob are cut in their middle.</summary>
    public int Cuts { get; init; }

    /// <summary>The first so many requests behind the greeting are answered 429, with this many seconds to wait.</summary>
    public int TooMany { get; init; }

    /// <summary>Seconds of Retry-After in those.</summary>
    public int Wait { get; init; }

    /// <summary>Changes a body before it is sent, and what it says of its length.</summary>
    public Func<string, byte[], byte[]>? Alters { get; init; }

    /// <summary>Answers everything so: a page for logins, say.</summary>
    public string? Page { get; init; }

    /// <summary>The largest body that is taken at once.</summary>
    public long LargestBody { get; init; } = long.MaxValue;

    /// <summary>Locations of uploads are paths, with a query.</summary>
    public bool RelativeUploads { get; init; }

    /// <summary>Repositories have only the blobs that came to them, and take those of others; else each has all.</summary>
    public bool Mounts { get; init; }

    /// <summary>So many links to the other host have ended when they are followed: it answers 403.</summary>
    public int EndedLinks { get; init; }

    /// <summary>The realm that is named to those who come with a token that ended, in place of the first one.</summary>
    public string? LaterRealm { get; init; }

    /// <summary>No challenge names a service.</summary>
    public bool NamesNoService { get; init; }

    /// <summary>Answers are compressed for whoever does not ask for them as they are, and have a cookie.</summary>
    public bool Compresses { get; init; }

    /// <summary>Status of an accepted part of an upload.</summary>
    public int PartStatus { get; init; } = 202;

    /// <summary>Bodies come without saying how long they are.</summary>
    public bool SaysNoLengths { get; init; }

    /// <summary>What the list of attached artifacts is answered with; 200 for a registry that has one.</summary>
    public int ReferrersStatus { get; init; } = 404;

    /// <summary>No answer has a Docker-Content-Digest.</summary>
    public bool SaysNoDigests { get; init; }
}
