using Torchyard.Packages.Debian.Signing;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class SignatureTarget : FuzzTarget
{
    public override string Name => "pgp-signature";

    public override string Input => "detached signatures of Debian archives, armoured and binary";

    public override IReadOnlyList<string> Words =>
        ["-----BEGIN PGP SIGNATURE-----\n\n", "\n-----END PGP SIGNATURE-----\n", "Version: 1\n", "\u0089\u0001\u0033\u0004"];

    // A version 4 signature packet by RSA with a key id that nobody has.
    public override IEnumerable<byte[]> Seeds() =>
        [
            [0x88, 0x1c, 4, 0, 1, 10, 0, 6, 5, 2, 0x60, 0, 0, 0, 0, 10, 9, 16, 1, 2, 3, 4, 5, 6, 7, 8, 0xAB, 0xCD, 0, 9, 1, 0xFF],
        ];

    public override object? Parse(byte[] input)
    {
        var key = new SignatureCheck(TrustedKeys.BuiltIn(), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc)).Check(
            [1, 2, 3],
            input,
            "http://archive.example/Release"
        );
        Require(key is null, "bytes that nobody signed have a right signature");
        return null;
    }
}
