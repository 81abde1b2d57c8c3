using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Torchyard.Mirror.Store;

/// <summary>
/// A digest by one of the algorithms that are registered (image-spec, descriptor.md, "Registered algorithms"): what content is called in
/// a registry.
/// </summary>
internal readonly record struct ContentDigest
{
    private const string Sha256Name = "sha256";
    private const string Sha512Name = "sha512";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string? _hex;

    private ContentDigest(bool isLong, string hex) => (IsLong, _hex) = (isLong, hex);

    /// <summary>True for SHA-512.</summary>
    public bool IsLong { get; }

    /// <summary>Name of the algorithm, as digests begin.</summary>
    public string Algorithm => IsLong ? Sha512Name : Sha256Name;

    /// <summary>The hexadecimal digits, in lower case.</summary>
    public string Hex => _hex ?? throw new InvalidOperationException("default(ContentDigest) has no value");

    /// <summary>The digest as a file name, which a colon does not suit on every file system.</summary>
    public string FileName => $"{Algorithm}-{Hex}";

    /// <summary>Digest of bytes.</summary>
    public static ContentDigest Of(ReadOnlySpan<byte> content, bool isLong = false) =>
        new(isLong, Convert.ToHexStringLower(isLong ? SHA512.HashData(content) : SHA256.HashData(content)));

    /// <summary>Makes a hash that ends in such a digest.</summary>
    public static IncrementalHash Begin(bool isLong) =>
        IncrementalHash.CreateHash(isLong ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    /// <summary>Ends a hash.</summary>
    public static ContentDigest End(IncrementalHash hash)
    {
        var value = hash.GetHashAndReset();
        return new ContentDigest(value.Length == SHA512.HashSizeInBytes, Convert.ToHexStringLower(value));
    }

    /// <summary>Reads <c>sha256:hex</c> or <c>sha512:hex</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ContentDigest digest) => TryParse(text, ':', out digest);

    /// <summary>Reads a file name that <see cref="FileName"/> gave.</summary>
    public static bool TryParseFileName(string name, out ContentDigest digest) => TryParse(name, '-', out digest);

    /// <inheritdoc />
    public override string ToString() => _hex is null ? "" : $"{Algorithm}:{_hex}";

    private static bool TryParse(string? text, char separator, out ContentDigest digest)
    {
        digest = default;
        if (text is null || text.Length <= Sha256Name.Length || text[Sha256Name.Length] != separator)
        {
            return false;
        }

        var isLong = text.StartsWith(Sha512Name, StringComparison.Ordinal);
        var hex = text.AsSpan(Sha256Name.Length + 1);
        if (
            (!isLong && !text.StartsWith(Sha256Name, StringComparison.Ordinal))
            || hex.Length != 2 * (isLong ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes)
            || hex.ContainsAnyExcept(HexDigits)
        )
        {
            return false;
        }

        digest = new ContentDigest(isLong, hex.ToString());
        return true;
    }
}
