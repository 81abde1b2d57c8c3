using System.Reflection;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Signing;

/// <summary>The keys that may sign an archive.</summary>
internal sealed class TrustedKeys
{
    // The largest keyring of Debian is below 100 KB.
    private const long MostBytes = 4 << 20;

    private static readonly Lazy<TrustedKeys> Shared = new(ReadBuiltIn);

    // BouncyCastle tests the modulus for compositeness each time it touches an RSA key, 40 ms for 4096 bits. That guards against forged
    // key parameters; these keys come from trusted keyrings, and a lock would spend seconds on it. It reads its limit once, from here.
    static TrustedKeys() => Environment.SetEnvironmentVariable("Org.BouncyCastle.Rsa.MaxMRTests", "0");

    private readonly List<Ring> _rings = [];

    /// <summary>The file that has all of them, as the recipe names it for one archive; null for Debian's.</summary>
    public string? File { get; init; }

    /// <summary>Where the recipe names that file.</summary>
    public SourceLocation? Place { get; init; }

    /// <summary>All keys. Checks every key's own signatures, which takes some hundredths of a second for each.</summary>
    public IEnumerable<TrustedKey> All => _rings.SelectMany(ring => ring.Keys.Value);

    /// <summary>Debian's archive keys that come with the program.</summary>
    public static TrustedKeys BuiltIn()
    {
        var keys = new TrustedKeys();
        keys._rings.AddRange(Shared.Value._rings);
        return keys;
    }

    /// <summary>
    /// The keys with a key id. Only their rings are checked, once in the life of the program for those that come with it.
    /// </summary>
    public IEnumerable<TrustedKey> WithId(long keyId) =>
        _rings.Where(ring => ring.Ids.Contains(keyId)).SelectMany(ring => ring.Keys.Value).Where(key => key.Key.KeyId == keyId);

    private static TrustedKeys ReadBuiltIn()
    {
        var keys = new TrustedKeys();
        var assembly = Assembly.GetExecutingAssembly();
        foreach (
            var name in assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith("keys/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        )
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            keys.Add(stream, $"built in, {name[5..]}");
        }

        return keys;
    }

    /// <summary>Adds a keyring file, binary or armoured.</summary>
    /// <exception cref="TorchyardException">TY2029: the file cannot be read or holds no public key.</exception>
    public void AddFile(string path)
    {
        try
        {
            using var stream = System.IO.File.OpenRead(path);
            if (stream.Length > MostBytes)
            {
                throw new IOException("the file is too large for a keyring");
            }

            Add(stream, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or PgpException)
        {
            throw new TorchyardException(
                "TY2029",
                $"the keyring {path} cannot be used: {error.Message}",
                "name a file of OpenPGP public keys, binary (.gpg) or armoured (.asc), that this user can read",
                error
            );
        }
    }

    /// <summary>Adds a keyring that was read already.</summary>
    /// <exception cref="TorchyardException">TY2029: it holds no public key.</exception>
    public void AddBytes(byte[] content, string path)
    {
        using var stream = new MemoryStream(content);
        try
        {
            Add(stream, path);
        }
        catch (Exception error) when (error is IOException or PgpException)
        {
            throw new TorchyardException(
                "TY2029",
                $"the keyring {path} cannot be used: {error.Message}",
                "name a file of OpenPGP public keys, binary (.gpg) or armoured (.asc)",
                error
            );
        }
    }

    /// <summary>Adds an armoured key block that stands inside a source's Signed-By.</summary>
    public void AddText(string armoured, string origin)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(armoured));
        try
        {
            Add(stream, origin);
        }
        catch (Exception error) when (error is IOException or PgpException)
        {
            throw new TorchyardException(
                "TY2029",
                $"the key in {origin} cannot be used: {error.Message}",
                "correct the Signed-By field, or name a keyring file there",
                error
            );
        }
    }

    private void Add(Stream stream, string origin)
    {
        var before = _rings.Count;

        // A file may hold several armoured blocks one after another; each makes a bundle.
        using var content = new MemoryStream();
        stream.CopyTo(content);
        foreach (var block in Blocks(content.ToArray()))
        {
            using var decoded = PgpUtilities.GetDecoderStream(new MemoryStream(block));
            try
            {
                foreach (var ring in new PgpPublicKeyRingBundle(decoded).GetKeyRings())
                {
                    _rings.Add(new Ring([.. ring.GetPublicKeys().Select(key => key.KeyId)], new(() => Check(ring, origin))));
                }
            }
            catch (Exception error) when (error is not (PgpException or IOException))
            {
                // The parser throws what its own array accesses throw when packets lie about their lengths.
                throw new PgpException("it is damaged", error);
            }
        }

        if (_rings.Count == before)
        {
            throw new PgpException("it holds no public key");
        }
    }

    private static IEnumerable<byte[]> Blocks(byte[] content)
    {
        var marker = "-----BEGIN PGP PUBLIC KEY BLOCK-----"u8.ToArray();
        var at = content.AsSpan().IndexOf(marker);
        if (at < 0)
        {
            yield return content;
            yield break;
        }

        while (at >= 0)
        {
            var next = content.AsSpan(at + marker.Length).IndexOf(marker);
            var end = next < 0 ? content.Length : at + marker.Length + next;
            yield return content[at..end];
            at = next < 0 ? -1 : end;
        }
    }

    private static List<TrustedKey> Check(PgpPublicKeyRing ring, string origin)
    {
        try
        {
            return [.. TrustedKey.Of(ring, origin)];
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A key whose own signatures cannot even be read is not a key to trust; the signature that names it is then unknown.
            return [];
        }
    }

    private sealed record Ring(HashSet<long> Ids, Lazy<List<TrustedKey>> Keys);
}
