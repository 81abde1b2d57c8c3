using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Torchyard.Packages.Debian.Signing;

/// <summary>
/// A public key that may sign archives: a primary key or one of its signing subkeys, with the limits its own signatures set.
/// </summary>
internal sealed record TrustedKey
{
    /// <summary>The key.</summary>
    public required PgpPublicKey Key { get; init; }

    /// <summary>User id of the primary key, for people.</summary>
    public required string Owner { get; init; }

    /// <summary>Where the key came from: a keyring's path or <c>built in</c>.</summary>
    public required string Origin { get; init; }

    /// <summary>When the key ends, or null.</summary>
    public required DateTime? ExpiresAt { get; init; }

    /// <summary>True when its owner took it back.</summary>
    public required bool IsRevoked { get; init; }

    // Key flags subpacket (RFC 9580, section 5.2.3.29).
    private const int MaySign = 0x02;

    /// <summary>Fingerprint in upper-case hexadecimal.</summary>
    public string Fingerprint => Convert.ToHexString(Key.GetFingerprint());

    /// <summary>Fingerprint of its primary key, which people compare.</summary>
    public required string PrimaryFingerprint { get; init; }

    /// <summary>
    /// The signing keys of a ring. Limits count only when the primary key itself signed them; a subkey that the primary key did not bind,
    /// or that did not sign back, is left out.
    /// </summary>
    public static IEnumerable<TrustedKey> Of(PgpPublicKeyRing ring, string origin)
    {
        var primary = ring.GetPublicKey();
        var owner = primary.GetUserIds().FirstOrDefault() ?? Convert.ToHexString(primary.GetFingerprint());
        var revoked = IsSignedBySelf(primary.GetSignaturesOfType(PgpSignature.KeyRevocation), primary, sig =>
            sig.VerifyCertification(primary)
        );
        var own = SelfCertification(primary);
        var expires = Expiry(primary, own);
        if (own is not null && (Flags(own) == 0 || (Flags(own) & MaySign) != 0))
        {
            yield return new TrustedKey
            {
                Key = primary,
                Owner = owner,
                PrimaryFingerprint = Convert.ToHexString(primary.GetFingerprint()),
                Origin = origin,
                ExpiresAt = expires,
                IsRevoked = revoked,
            };
        }

        foreach (var key in ring.GetPublicKeys())
        {
            if (
                key.IsMasterKey
                || Binding(primary, key) is not { } binding
                || (Flags(binding) & MaySign) == 0
                || !SignsBack(primary, key, binding)
            )
            {
                continue;
            }

            var subkeyRevoked = IsSignedBySelf(key.GetSignaturesOfType(PgpSignature.SubkeyRevocation), primary, sig =>
                sig.VerifyCertification(primary, key)
            );
            var subkeyExpires = Expiry(key, binding);
            yield return new TrustedKey
            {
                Key = key,
                Owner = owner,
                PrimaryFingerprint = Convert.ToHexString(primary.GetFingerprint()),
                Origin = origin,
                ExpiresAt = Earlier(expires, subkeyExpires),
                IsRevoked = revoked || subkeyRevoked,
            };
        }
    }

    private static PgpSignature? SelfCertification(PgpPublicKey primary)
    {
        PgpSignature? newest = null;
        foreach (var user in primary.GetUserIds())
        {
            foreach (var signature in primary.GetSignaturesForId(user))
            {
                if (
                    signature.KeyId == primary.KeyId
                    && signature.IsCertification()
                    && (newest is null || signature.CreationTime > newest.CreationTime)
                    && Verifies(signature, primary, sig => sig.VerifyCertification(user, primary))
                )
                {
                    newest = signature;
                }
            }
        }

        return newest;
    }

    private static PgpSignature? Binding(PgpPublicKey primary, PgpPublicKey subkey)
    {
        PgpSignature? newest = null;
        foreach (var signature in subkey.GetSignaturesOfType(PgpSignature.SubkeyBinding))
        {
            if (
                signature.KeyId == primary.KeyId
                && (newest is null || signature.CreationTime > newest.CreationTime)
                && Verifies(signature, primary, sig => sig.VerifyCertification(primary, subkey))
            )
            {
                newest = signature;
            }
        }

        return newest;
    }

    // A signing subkey must claim its primary key too (RFC 9580, 10.1.5), else anyone could adopt someone's subkey.
    private static bool SignsBack(PgpPublicKey primary, PgpPublicKey subkey, PgpSignature binding)
    {
        foreach (var vector in new[] { binding.GetHashedSubPackets(), binding.GetUnhashedSubPackets() })
        {
            if (vector is null)
            {
                continue;
            }

            var embedded = vector.GetEmbeddedSignatures();
            for (var i = 0; i < embedded.Count; i++)
            {
                var back = embedded[i];
                if (
                    back.SignatureType == PgpSignature.PrimaryKeyBinding
                    && Verifies(back, subkey, sig => sig.VerifyCertification(primary, subkey))
                )
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsSignedBySelf(IEnumerable<PgpSignature> signatures, PgpPublicKey primary, Func<PgpSignature, bool> check) =>
        signatures.Any(signature => signature.KeyId == primary.KeyId && Verifies(signature, primary, check));

    private static bool Verifies(PgpSignature signature, PgpPublicKey by, Func<PgpSignature, bool> check)
    {
        if (signature.HashAlgorithm is HashAlgorithmTag.MD5)
        {
            return false;
        }

        try
        {
            signature.InitVerify(by);
            return check(signature);
        }
        catch (PgpException)
        {
            return false;
        }
    }

    private static int Flags(PgpSignature signature) => signature.GetHashedSubPackets()?.GetKeyFlags() ?? 0;

    private static DateTime? Expiry(PgpPublicKey key, PgpSignature? signature)
    {
        var seconds = signature?.GetHashedSubPackets()?.GetKeyExpirationTime() ?? 0;
        return seconds > 0 ? key.CreationTime.AddSeconds(seconds) : null;
    }

    private static DateTime? Earlier(DateTime? left, DateTime? right) =>
        left is null ? right
        : right is null ? left
        : left < right ? left
        : right;
}
