using Torchyard.Packages.Debian.Signing;

namespace Torchyard.Fuzz.Targets.Debian;

/// <summary>A clear-signed file and its signature: nothing that the keys did not sign may pass.</summary>
internal sealed class InReleaseTarget : FuzzTarget
{
    public override string Name => "in-release";

    public override string Input => "InRelease files of Debian archives";

    public override IReadOnlyList<string> Words =>
        [
            "-----BEGIN PGP SIGNED MESSAGE-----\n",
            "Hash: SHA512\n",
            "\n-----BEGIN PGP SIGNATURE-----\n\n",
            "\n-----END PGP SIGNATURE-----\n",
            "- -----",
            "iHUEABYIAB0WIQ",
            "=abcd\n",
        ];

    public override object? Parse(byte[] input)
    {
        var signed = ClearSignedText.Read(input, "http://archive.example/InRelease");
        var key = new SignatureCheck(TrustedKeys.BuiltIn(), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc)).Check(
            signed.SignedBytes,
            signed.Signature,
            "http://archive.example/InRelease"
        );
        Require(key is null, "a text that nobody signed has a right signature");
        return null;
    }
}
