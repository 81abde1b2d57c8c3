using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Signing;

/// <summary>Checks the OpenPGP signatures over a Release file.</summary>
/// <param name="keys">Keys that may sign.</param>
/// <param name="now">The machine's time, UTC.</param>
/// <param name="atSigningTime">True for snapshots: a key must have been good when it signed, not today.</param>
internal sealed class SignatureCheck(TrustedKeys keys, DateTime now, bool atSigningTime = false)
{
    private const int MostSignatures = 32;
    private const int LeastRsaBits = 2048;

    // Clocks differ; a signature from further ahead is from another time.
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Checks that at least one trusted key signed the bytes and that no trusted key's signature is wrong; returns the signer.
    /// </summary>
    /// <param name="signedBytes">What was signed.</param>
    /// <param name="signature">Armoured or binary signature.</param>
    /// <param name="source">Address of the file, for errors.</param>
    /// <exception cref="TorchyardException">TY2020 to TY2025: not signed, unknown key, wrong signature, dead key, weak hash, wrong
    /// clock.</exception>
    public TrustedKey Check(byte[] signedBytes, byte[] signature, string source)
    {
        TrustedKey? signer = null;
        TorchyardException? refusal = null;
        var unknown = new List<string>();
        foreach (var one in Signatures(signature, source))
        {
            var key = Find(one);
            if (key is null)
            {
                unknown.Add(one.KeyId.ToString("X16", System.Globalization.CultureInfo.InvariantCulture));
                continue;
            }

            if (Refuse(one, key, source) is { } reason)
            {
                refusal ??= reason;
                continue;
            }

            if (!IsCorrect(one, key, signedBytes))
            {
                throw new TorchyardException(
                    "TY2022",
                    $"{source} was changed after {key.Owner} signed it",
                    "do not use this mirror; if it is your own, let it synchronise again"
                );
            }

            signer ??= key;
        }

        return signer
            ?? throw refusal
                ?? new TorchyardException(
                    "TY2021",
                    $"{source} is signed by keys that are not trusted here: {string.Join(", ", unknown)}",
                    keys.File is { } file
                        ? $"if those who run the archive say that this is their key now, put it into {file}; else do not use the archive"
                        : "install a newer debian-archive-keyring, or name the archive's keyring in the recipe's base.keyrings"
                )
                {
                    Location = keys.Place,
                };
    }

    private TorchyardException? Refuse(PgpSignature signature, TrustedKey key, string source)
    {
        if (
            signature.HashAlgorithm is not (HashAlgorithmTag.Sha256 or HashAlgorithmTag.Sha384 or HashAlgorithmTag.Sha512)
            || (
                key.Key.Algorithm is PublicKeyAlgorithmTag.RsaGeneral or PublicKeyAlgorithmTag.RsaSign && key.Key.BitStrength < LeastRsaBits
            )
            || key.Key.Algorithm is PublicKeyAlgorithmTag.Dsa
        )
        {
            return new TorchyardException(
                "TY2024",
                $"{source} is signed with {signature.HashAlgorithm} by a {key.Key.BitStrength}-bit {key.Key.Algorithm} "
                    + "key, which proves nothing",
                "use a mirror or suite whose Release file is signed with SHA-256 or stronger"
            );
        }

        if (signature.SignatureType is not PgpSignature.CanonicalTextDocument && !(signature.SignatureType is PgpSignature.BinaryDocument))
        {
            return new TorchyardException("TY2022", $"{source} carries a signature that is not over a document", "use another mirror");
        }

        var made = signature.CreationTime;
        if (made > now + MostAhead)
        {
            return new TorchyardException(
                "TY2025",
                $"{source} was signed at {made:u}, which is in the future: this machine's clock says {now:u}",
                "set the clock (timedatectl set-ntp true, or date -s), then try again"
            );
        }

        var seconds = signature.GetHashedSubPackets()?.GetSignatureExpirationTime() ?? 0;
        var when = atSigningTime ? made : now;
        if (
            key.IsRevoked
            || when > key.ExpiresAt
            || made < key.Key.CreationTime
            || (!atSigningTime && seconds > 0 && now > made.AddSeconds(seconds))
        )
        {
            return new TorchyardException(
                "TY2023",
                key.IsRevoked
                    ? $"{source} is signed by the key {key.Fingerprint} of {key.Owner}, which was revoked"
                    : $"{source} is signed by the key {key.Fingerprint} of {key.Owner}, which is not valid at {when:u} (it ends "
                        + $"{key.ExpiresAt:u})",
                keys.File is { } file
                    ? $"put the archive's new key into {file}; if there is none, its makers do not look after it any more"
                    : "install a newer debian-archive-keyring; if the release is no longer supported, set base.snapshot in the recipe"
            )
            {
                Location = keys.Place,
            };
        }

        return null;
    }

    private static bool IsCorrect(PgpSignature signature, TrustedKey key, byte[] signedBytes)
    {
        try
        {
            signature.InitVerify(key.Key);
            signature.Update(signedBytes);
            return signature.Verify();
        }
        catch (Exception error) when (error is PgpException or ArgumentException or ArithmeticException or InvalidOperationException)
        {
            return false;
        }
    }

    // The same key may be in several keyrings: a revocation in any of them counts, and so does an extended life.
    private TrustedKey? Find(PgpSignature signature)
    {
        var copies = keys.WithId(signature.KeyId).Where(key => Matches(key, signature)).ToList();
        return copies.Find(key => key.IsRevoked) ?? copies.MaxBy(key => key.ExpiresAt ?? DateTime.MaxValue);
    }

    private static bool Matches(TrustedKey key, PgpSignature signature)
    {
        if (key.Key.KeyId != signature.KeyId)
        {
            return false;
        }

        var fingerprint = signature.GetHashedSubPackets()?.GetIssuerFingerprint()?.GetFingerprint();
        return fingerprint is null || fingerprint.AsSpan().SequenceEqual(key.Key.GetFingerprint());
    }

    private static List<PgpSignature> Signatures(byte[] signature, string source)
    {
        try
        {
            using var decoded = PgpUtilities.GetDecoderStream(new MemoryStream(signature));
            var factory = new PgpObjectFactory(decoded);
            var found = new List<PgpSignature>();
            while (factory.NextPgpObject() is { } item)
            {
                if (item is not PgpSignatureList list)
                {
                    throw new PgpException("there is something other than signatures in the block");
                }

                for (var i = 0; i < list.Count && found.Count < MostSignatures; i++)
                {
                    found.Add(list[i]);
                }
            }

            return found.Count > 0 ? found : throw new PgpException("the block is empty");
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // Damaged packets make the parser throw whatever its own array accesses throw.
            throw new TorchyardException(
                "TY2020",
                $"the signature of {source} cannot be read: {error.Message}",
                "try again or use another mirror",
                error
            );
        }
    }
}
