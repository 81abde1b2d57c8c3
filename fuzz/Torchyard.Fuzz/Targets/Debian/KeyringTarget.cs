using Torchyard.Packages.Debian.Signing;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class KeyringTarget : FuzzTarget
{
    public override string Name => "keyring";

    public override string Input => "keyrings that recipes and apt's sources name";

    public override IReadOnlyList<string> Words => ["-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", "\n-----END PGP PUBLIC KEY BLOCK-----\n"];

    public override object? Parse(byte[] input)
    {
        var keys = new TrustedKeys();
        keys.AddBytes(input, "/keyring");
        return keys.All.Select(key => (key.Fingerprint, key.Owner, key.ExpiresAt, key.IsRevoked)).ToList();
    }
}
