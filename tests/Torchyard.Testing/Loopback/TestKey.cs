using System.Text;
using Org.BouncyCastle.Bcpg;
using Org.BouncyCastle.Bcpg.OpenPgp;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Security;

namespace Torchyard.Testing.Loopback;

/// <summary>An OpenPGP key made for the tests, and what it signs.</summary>
public sealed class TestKey
{
    private static readonly Lazy<AsymmetricCipherKeyPair> Pair = new(() =>
    {
        // One RSA key for all tests: making one takes longer than the tests.
        var generator = new RsaKeyPairGenerator();
        generator.Init(new KeyGenerationParameters(new SecureRandom(), 2048));
        return generator.GenerateKeyPair();
    });

    private readonly PgpPrivateKey _private;
    private readonly PgpPublicKey _public;

    public TestKey(DateTime created, TimeSpan? life = null, bool revoked = false)
    {
        var pair = new PgpKeyPair(PublicKeyAlgorithmTag.RsaGeneral, Pair.Value, created);
        _private = pair.PrivateKey;
        var hashed = new PgpSignatureSubpacketGenerator();
        hashed.SetKeyFlags(false, 0x03);
        if (life is { } time)
        {
            hashed.SetKeyExpirationTime(false, (long)time.TotalSeconds);
        }

        var self = new PgpSignatureGenerator(PublicKeyAlgorithmTag.RsaGeneral, HashAlgorithmTag.Sha256);
        self.InitSign(PgpSignature.PositiveCertification, _private);
        hashed.SetSignatureCreationTime(false, created);
        self.SetHashedSubpackets(hashed.Generate());
        var issuer = new PgpSignatureSubpacketGenerator();
        issuer.SetIssuerKeyID(false, pair.KeyId);
        self.SetUnhashedSubpackets(issuer.Generate());
        _public = PgpPublicKey.AddCertification(
            pair.PublicKey,
            "Test archive <archive@example.org>",
            self.GenerateCertification("Test archive <archive@example.org>", pair.PublicKey)
        );
        if (revoked)
        {
            var revocation = new PgpSignatureGenerator(PublicKeyAlgorithmTag.RsaGeneral, HashAlgorithmTag.Sha256);
            revocation.InitSign(PgpSignature.KeyRevocation, _private);
            revocation.SetUnhashedSubpackets(issuer.Generate());
            _public = PgpPublicKey.AddCertification(_public, revocation.GenerateCertification(_public));
        }
    }

    /// <summary>The public key, armoured.</summary>
    public string Armoured => Armour(_public.Encode);

    public string ClearSign(string text, DateTime when, HashAlgorithmTag hash = HashAlgorithmTag.Sha256, string? header = null)
    {
        var lines = text.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd(' ', '\t'));
        var signature = Sign(PgpSignature.CanonicalTextDocument, string.Join("\r\n", lines), when, hash);
        var shown = string.Concat(text.TrimEnd('\n').Split('\n').Select(line => (line.StartsWith('-') ? "- " : "") + line + "\n"));
        return $"-----BEGIN PGP SIGNED MESSAGE-----\n{header ?? "Hash: SHA256"}\n\n{shown}{Armour(signature.Encode)}";
    }

    public string DetachSign(string text, DateTime when) =>
        Armour(Sign(PgpSignature.BinaryDocument, text, when, HashAlgorithmTag.Sha256).Encode);

    private PgpSignature Sign(int type, string text, DateTime when, HashAlgorithmTag hash)
    {
        var generator = new PgpSignatureGenerator(PublicKeyAlgorithmTag.RsaGeneral, hash);
        generator.InitSign(type, _private);
        var hashed = new PgpSignatureSubpacketGenerator();
        hashed.SetSignatureCreationTime(false, when);
        generator.SetHashedSubpackets(hashed.Generate());
        var unhashed = new PgpSignatureSubpacketGenerator();
        unhashed.SetIssuerKeyID(false, _private.KeyId);
        generator.SetUnhashedSubpackets(unhashed.Generate());
        generator.Update(Encoding.UTF8.GetBytes(text));
        return generator.Generate();
    }

    private static string Armour(Action<Stream> encode)
    {
        using var memory = new MemoryStream();
        using (var armour = new ArmoredOutputStream(memory))
        {
            encode(armour);
        }

        return Encoding.ASCII.GetString(memory.ToArray());
    }
}
