using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Utilities;
using Org.BouncyCastle.Security;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Flows.Starting;

/// <summary>The SSH keys that may log in to an environment.</summary>
/// <param name="AuthorizedKeys">Text of the <c>authorized_keys</c> file (sshd(8)).</param>
/// <param name="PrivateKey">Private key to name in the ssh command, or null when the user's own keys are used.</param>
/// <param name="Origin">Where the keys come from, for the panel.</param>
internal sealed record AccessKeys(string AuthorizedKeys, string? PrivateKey, string Origin)
{
    // The names that ssh(1) tries by itself.
    private static readonly string[] OwnNames = ["id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"];

    /// <summary>
    /// The user's own public keys, those that ssh offers without being told; where there is none, a pair of Torchyard's that is made once.
    /// </summary>
    /// <param name="home">Home directory of the user.</param>
    /// <param name="store">The store that keeps the made pair.</param>
    public static AccessKeys Find(string home, StorePaths store)
    {
        var own = new StringBuilder();
        var names = new List<string>();
        foreach (var name in OwnNames)
        {
            var file = Path.Combine(home, ".ssh", name + ".pub");
            if (File.Exists(Path.Combine(home, ".ssh", name)) && ReadPublicKey(file) is { } line)
            {
                own.Append(line).Append('\n');
                names.Add($"~/.ssh/{name}");
            }
        }

        return names.Count > 0
            ? new AccessKeys(own.ToString(), PrivateKey: null, string.Join(", ", names))
            : OfTorchyard(Path.Combine(store.Root, "ssh"));
    }

    private static AccessKeys OfTorchyard(string directory)
    {
        var file = Path.Combine(directory, "id_ed25519");
        Directory.CreateDirectory(directory, (UnixFileMode)FileModes.PrivateDirectory);
        using (WaitForLock(directory))
        {
            if (ReadPublicKey(file + ".pub") is not { } line || !File.Exists(file))
            {
                (var secret, line) = MakePair();
                AtomicFile.Write(file, Encoding.ASCII.GetBytes(secret), (UnixFileMode)FileModes.Private);
                AtomicFile.WriteText(file + ".pub", line + "\n");
            }

            return new AccessKeys(line + "\n", file, "a pair made for this store");
        }
    }

    private static FileLock WaitForLock(string directory) =>
        FileLock.AcquireAsync(Path.Combine(directory, ".lock"), exclusive: true, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Makes an Ed25519 key pair, as ssh-keygen(1) writes them.</summary>
    public static (string Secret, string Public) MakePair()
    {
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        var pair = generator.GenerateKeyPair();
        var secret = new StringBuilder("-----BEGIN OPENSSH PRIVATE KEY-----\n");
        foreach (var line in Convert.ToBase64String(OpenSshPrivateKeyUtilities.EncodePrivateKey(pair.Private)).Chunk(70))
        {
            secret.Append(line).Append('\n');
        }

        secret.Append("-----END OPENSSH PRIVATE KEY-----\n");
        var open = "ssh-ed25519 " + Convert.ToBase64String(OpenSshPublicKeyUtilities.EncodePublicKey(pair.Public)) + " torchyard";
        return (secret.ToString(), open);
    }

    /// <summary>A public key's fingerprint as sshd and ssh-keygen(1) print it.</summary>
    public static string Fingerprint(string publicKey) =>
        "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(publicKey.Split(' ')[1]))).TrimEnd('=');

    // One line, one key: anything else in the file must not become options or a second key of authorized_keys.
    private static string? ReadPublicKey(string file)
    {
        if (!File.Exists(file) || new FileInfo(file).Length > 64 * 1024)
        {
            return null;
        }

        var line = File.ReadLines(file).Select(text => text.Trim()).FirstOrDefault(text => text.Length > 0);
        return
            line is not null
            && (
                line.StartsWith("ssh-", StringComparison.Ordinal)
                || line.StartsWith("ecdsa-", StringComparison.Ordinal)
                || line.StartsWith("sk-", StringComparison.Ordinal)
            )
            ? line
            : null;
    }
}
