using System.Diagnostics;
using Torchyard.Flows.Starting;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Tests.Starting;

public sealed class AccessKeysTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Home => Path.Combine(_directory.Path, "home");

    private StorePaths Store => new(Path.Combine(_directory.Path, "store"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_users_own_keys_are_used()
    {
        WriteKey("id_ed25519", "ssh-ed25519 AAAAC3Nz someone@somewhere");
        WriteKey("id_rsa", "ssh-rsa AAAAB3Nz someone@somewhere");
        var keys = AccessKeys.Find(Home, Store);
        Assert.Equal("ssh-ed25519 AAAAC3Nz someone@somewhere\nssh-rsa AAAAB3Nz someone@somewhere\n", keys.AuthorizedKeys);
        Assert.Null(keys.PrivateKey);
        Assert.False(Directory.Exists(Path.Combine(Store.Root, "ssh")));
    }

    [Fact]
    public void A_public_key_whose_private_half_is_elsewhere_does_not_count()
    {
        WriteKey("id_ed25519", "ssh-ed25519 AAAAC3Nz someone@somewhere");
        File.Delete(Path.Combine(Home, ".ssh", "id_ed25519"));
        Assert.NotNull(AccessKeys.Find(Home, Store).PrivateKey);
    }

    [Fact]
    public void Options_before_a_key_are_not_taken_over()
    {
        WriteKey("id_ed25519", "command=\"rm -rf /\" ssh-ed25519 AAAAC3Nz");
        Assert.DoesNotContain("command", AccessKeys.Find(Home, Store).AuthorizedKeys, StringComparison.Ordinal);
    }

    [Fact]
    public void A_made_pair_stays_the_same_and_is_private()
    {
        var first = AccessKeys.Find(Home, Store);
        var second = AccessKeys.Find(Home, Store);
        Assert.Equal(first, second);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(first.PrivateKey!));
    }

    [Fact]
    public async Task OpenSSH_reads_a_made_pair()
    {
        var keys = AccessKeys.Find(Home, Store);
        using var program = Start(keys.PrivateKey!);
        var output = await program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, program.ExitCode);
        Assert.Equal(keys.AuthorizedKeys.Split(' ')[1], output.Trim().Split(' ')[1]);
    }

    private static Process Start(string key)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("ssh-keygen", ["-y", "-f", key]) { RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("ssh-keygen (openssh-client) is not installed");
            throw;
        }
    }

    private void WriteKey(string name, string publicKey)
    {
        var directory = Directory.CreateDirectory(Path.Combine(Home, ".ssh")).FullName;
        File.WriteAllText(Path.Combine(directory, name), "private");
        File.WriteAllText(Path.Combine(directory, name + ".pub"), publicKey + "\n");
    }
}
