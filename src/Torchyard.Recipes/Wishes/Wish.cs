using System.Globalization;
using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Text;

namespace Torchyard.Recipes.Wishes;

/// <summary>
/// One thing that a recipe wants from the machine beyond its own project: what somebody who uses the recipe of another should be asked
/// about. Two wishes are the same when <see cref="Kind"/>, <see cref="What"/> and <see cref="Detail"/> are; where it is written does not
/// count.
/// </summary>
/// <param name="Kind">What it reaches for.</param>
/// <param name="What">The thing itself, in one form: a real path, a URL, an address, the name of a variable.</param>
/// <param name="Detail">What else makes a difference: may it be written to, which keys, which host; empty for nothing.</param>
public sealed record Wish(WishKind Kind, string What, string Detail = "")
{
    /// <summary>The key or file that says so, for people.</summary>
    public string From { get; init; } = "";

    /// <summary>The wish as the end of a sentence, with nothing in it that a terminal would obey.</summary>
    public string Text =>
        VisibleText.Of(
            Kind switch
            {
                WishKind.Mount => $"mount {What}, {(Detail.Length > 0 ? Detail : "writable")}",
                WishKind.Port => $"let other machines reach {Detail} on {What}",
                WishKind.File => $"read the file {What}",
                WishKind.Directory => $"read the directory {What}",
                WishKind.Keyring => $"trust the OpenPGP keys in {What} (SHA-256 {Detail[..Math.Min(12, Detail.Length)]}…)",
                WishKind.Archive when Detail.Length > 0 =>
                    $"take Debian packages from {What}, signed by keys of its own (SHA-256 {Detail[..Math.Min(12, Detail.Length)]}…)",
                WishKind.Archive => $"take Debian packages from {What}",
                WishKind.Index => $"take Python packages from {What}",
                WishKind.Redist => $"take NVIDIA's libraries from {What}",
                WishKind.Download => $"fetch files from {What}",
                WishKind.Repository => $"clone the Git repository {What}",
                WishKind.Cache => $"read and write the cache '{What}' that your other environments use",
                WishKind.Variable => $"send your environment variable {What} to {Detail}",
                WishKind.Image => $"build on the image {What} of your store, with all that is in it",
                WishKind.Commands => "run commands of its own while the image is built, in a sandbox without network",
                _ => throw new InvalidOperationException($"{Kind} has no words"),
            } + (From.Length > 0 ? $"   ({From})" : "")
        );

    /// <summary>A mount of a directory outside the project.</summary>
    public static Wish Mount(string realPath, bool readOnly, string target) =>
        new(WishKind.Mount, realPath, readOnly ? "read-only" : "writable") { From = $"mounts: {target}" };

    /// <summary>A port beyond loopback.</summary>
    public static Wish Port(string service, string address, int port) =>
        new(
            WishKind.Port,
            port == 0 ? $"{address}, any free port" : string.Create(CultureInfo.InvariantCulture, $"{address}, port {port}"),
            service
        )
        {
            From = $"services.{service}.listen",
        };

    /// <summary>An archive beside Debian's own: other keys are another wish.</summary>
    public static Wish Archive(string url, Digest key, string from) => new(WishKind.Archive, url, key.Hex) { From = from };

    /// <summary>A file outside the project.</summary>
    public static Wish File(string realPath, string from) => new(WishKind.File, realPath) { From = from };

    /// <summary>A directory outside the project.</summary>
    public static Wish Directory(string realPath, string from) => new(WishKind.Directory, realPath) { From = from };

    /// <summary>Keys, by their file's content.</summary>
    public static Wish Keyring(string realPath, Digest content) => new(WishKind.Keyring, realPath, content.Hex) { From = "base.keyrings" };

    /// <summary>An image of the store, by its name or digest.</summary>
    public static Wish Image(string image, string from) => new(WishKind.Image, image) { From = from };

    /// <summary>A shared cache.</summary>
    public static Wish Cache(string name) => new(WishKind.Cache, name) { From = "caches.shared" };

    /// <summary>
    /// Commands while the image is built, whichever: they reach nothing that the recipe's packages and services do not, so that who allowed
    /// them is not asked again for each change of a line.
    /// </summary>
    /// <param name="steps">What they are, for people.</param>
    public static Wish Commands(IEnumerable<string> steps) =>
        new(WishKind.Commands, "the build sandbox") { From = "run: " + string.Join("; ", steps) };

    /// <summary>An environment variable in a credential.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="authority">Host, with its port where the URL has one.</param>
    /// <param name="from">Where it is written.</param>
    public static Wish Variable(string name, string authority, string from = "") => new(WishKind.Variable, name, authority) { From = from };

    /// <summary>
    /// One digest over wishes, whatever their order. Lengths stand before the parts, so that no part can run into the next.
    /// </summary>
    public static Digest DigestOf(IEnumerable<Wish> wishes)
    {
        var text = new StringBuilder();
        foreach (var wish in InOrder(wishes))
        {
            foreach (var part in new[] { NameOf(wish.Kind), wish.What, wish.Detail })
            {
                text.Append(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(part)}:{part}\n");
            }
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>Each once, in a fixed order.</summary>
    public static IReadOnlyList<Wish> InOrder(IEnumerable<Wish> wishes) =>
        [
            .. wishes
                .Distinct()
                .OrderBy(wish => wish.Kind)
                .ThenBy(wish => wish.What, StringComparer.Ordinal)
                .ThenBy(wish => wish.Detail, StringComparer.Ordinal),
        ];

    /// <summary>Name of a kind in records and JSON.</summary>
    public static string NameOf(WishKind kind) =>
        kind switch
        {
            WishKind.Mount => "mount",
            WishKind.Port => "port",
            WishKind.File => "file",
            WishKind.Directory => "directory",
            WishKind.Keyring => "keyring",
            WishKind.Archive => "archive",
            WishKind.Index => "index",
            WishKind.Redist => "redist",
            WishKind.Download => "download",
            WishKind.Repository => "repository",
            WishKind.Cache => "cache",
            WishKind.Variable => "variable",
            WishKind.Image => "image",
            WishKind.Commands => "commands",
            _ => throw new InvalidOperationException($"{kind} has no name"),
        };

    /// <summary>The kind of a name; null for none.</summary>
    public static WishKind? KindOf(string name) =>
        Enum.GetValues<WishKind>().Where(kind => NameOf(kind) == name).Select(kind => (WishKind?)kind).FirstOrDefault();

    /// <inheritdoc />
    public bool Equals(Wish? other) => other is not null && Kind == other.Kind && What == other.What && Detail == other.Detail;

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Kind, What, Detail);
}
