using System.Security.Cryptography;
using System.Text.Json;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Registry.Policies;

/// <summary>
/// A signature as cosign makes it (sigstore/cosign, specs/SIGNATURE_SPEC.md): a small document, signed, that names a digest.
/// </summary>
/// <param name="Payload">The document.</param>
/// <param name="Signature">Base64 of an ECDSA signature in DER over it.</param>
internal sealed record CosignSignature(byte[] Payload, string Signature)
{
    internal const string LayerType = "application/vnd.dev.cosign.simplesigning.v1+json";
    internal const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    internal const string ArtifactType = "application/vnd.dev.cosign.artifact.sig.v1+json";
    internal const int MostBytes = 1 << 20;

    private const int MostKeyBytes = 64 << 10;
    private const string PayloadType = "cosign container image signature";

    /// <summary>Reads public keys.</summary>
    /// <exception cref="TorchyardException">TY6030: one cannot be read.</exception>
    public static IReadOnlyList<ECDsa> ReadKeys(IReadOnlyList<string> files) => [.. files.Select(ReadKey)];

    /// <summary>The digest that it vouches for; null when none of the keys made it.</summary>
    public Digest? Verify(IReadOnlyList<ECDsa> keys)
    {
        byte[] signature;
        try
        {
            signature = Convert.FromBase64String(Signature);
        }
        catch (FormatException)
        {
            return null;
        }

        // The document is read only when it is signed.
        return keys.Any(key => key.VerifyData(Payload, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
            ? Named(Payload)
            : null;
    }

    /// <summary>The digest that a document names; null for another document.</summary>
    internal static Digest? Named(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = UnicodeJson.Parse(payload, new JsonDocumentOptions { MaxDepth = 16 });
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("critical", out var critical)
                && critical.ValueKind == JsonValueKind.Object
                && critical.TryGetProperty("type", out var type)
                && type.ValueKind == JsonValueKind.String
                && type.GetString() == PayloadType
                && critical.TryGetProperty("image", out var image)
                && image.ValueKind == JsonValueKind.Object
                && image.TryGetProperty("docker-manifest-digest", out var named)
                && named.ValueKind == JsonValueKind.String
                && Digest.TryParse(named.GetString(), out var digest)
                ? digest
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ECDsa ReadKey(string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(RegularFile.ReadAllText(file, MostKeyBytes));
            return key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value
                ? key
                : throw PolicyErrors.BadFile(file, "a key of the curve P-256 is wanted");
        }
        catch (Exception failure)
            when (failure is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            key.Dispose();
            throw PolicyErrors.BadFile(file, failure.Message.TrimEnd('.'), failure);
        }
    }
}
