namespace Torchyard.Mirror.Serving;

/// <summary>A request that is refused, as the specification says it (distribution-spec, "Error Codes").</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">Code of the error.</param>
/// <param name="message">What is wrong, for people.</param>
internal sealed class RefusedException(int status, string code, string message) : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;

    /// <summary>Code of the error.</summary>
    public string Code => code;

    /// <summary>Digests that it is about.</summary>
    public IReadOnlyList<string> Digests { get; init; } = [];

    public static RefusedException BadName(string name) => new(400, "NAME_INVALID", $"'{Shown(name)}' is not the name of a repository");

    public static RefusedException BadDigest(string digest) =>
        new(400, "DIGEST_INVALID", $"'{Shown(digest)}' is not a digest: sha256 or sha512, a colon, and hexadecimal digits in lower case");

    public static RefusedException NoBlob(string digest) =>
        new(404, "BLOB_UNKNOWN", $"the repository does not have blob {Shown(digest)}") { Digests = [Shown(digest)] };

    public static RefusedException NoManifest(string reference) =>
        new(404, "MANIFEST_UNKNOWN", $"the repository does not have {Shown(reference)}");

    public static RefusedException NoRepository(string name) => new(404, "NAME_UNKNOWN", $"there is no repository {Shown(name)}");

    public static RefusedException NoUpload() => new(404, "BLOB_UPLOAD_UNKNOWN", "there is no such upload; begin it anew");

    public static RefusedException Denied(string message) => new(403, "DENIED", message);

    public static RefusedException Login() => new(401, "UNAUTHORIZED", "a token is needed: as a bearer's, or as the password of any user");

    public static RefusedException Unsupported(string message, int status = 405) => new(status, "UNSUPPORTED", message);

    public static RefusedException TooLarge(string what, long most) => new(413, "SIZE_INVALID", $"{what} has more than {most} bytes");

    // A name may be as long as a request line; JSON escapes the rest.
    private static string Shown(string text) => text.Length <= 300 ? text : text[..300];
}
