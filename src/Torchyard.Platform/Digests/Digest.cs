using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Digests;

namespace Torchyard.Platform.Digests;

/// <summary>
/// A SHA-256 digest, as 64 lower-case hexadecimal digits; written <c>sha256:…</c> (OCI image-spec, descriptor.md, "Digests").
/// </summary>
public readonly record struct Digest
{
    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>The 64 hexadecimal digits.</summary>
    public string Hex => _hex ?? throw new InvalidOperationException("default(Digest) has no value");

    /// <summary>True for a digest that was given a value.</summary>
    public bool HasValue => _hex is not null;

    /// <summary>
    /// Digest of bytes in memory. Small ones, such as manifests, are hashed without OpenSSL: loading it takes 3 ms, and is more than all
    /// other hashing of most commands.
    /// </summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        const int Small = 16 * 1024;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (data.Length <= Small)
        {
            var digest = new Sha256Digest();
            digest.BlockUpdate(data);
            digest.DoFinal(hash);
        }
        else
        {
            SHA256.HashData(data, hash);
        }

        return FromHash(hash);
    }

    /// <summary>Wraps a finished 32-byte SHA-256 value.</summary>
    public static Digest FromHash(ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, SHA256.HashSizeInBytes);
        return new Digest(Convert.ToHexStringLower(hash));
    }

    /// <summary>Reads <c>sha256:hex</c> or bare hex; false for anything else, upper case included.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text is null)
        {
            return false;
        }

        var hex = text.StartsWith("sha256:", StringComparison.Ordinal) ? text.AsSpan(7) : text.AsSpan();
        if (hex.Length != 64 || hex.ContainsAnyExcept(HexDigits))
        {
            return false;
        }

        digest = new Digest(hex.ToString());
        return true;
    }

    /// <summary>Reads <c>sha256:hex</c> or bare hex.</summary>
    /// <exception cref="FormatException">The text is not a SHA-256 digest.</exception>
    public static Digest Parse(string text) =>
        TryParse(text, out var digest) ? digest : throw new FormatException($"'{text}' is not a SHA-256 digest");

    /// <summary><c>sha256:hex</c>.</summary>
    public override string ToString() => _hex is null ? "" : "sha256:" + _hex;
}
