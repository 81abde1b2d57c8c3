using Torchyard.Flows.Starting;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Tests.Starting;

public sealed class SshLoginTests : IDisposable
{
    private const string Key = "AAAAC3NzaC1lZDI1NTE5AAAAIGJ1dCB0aGlzIGlzIG9ubHkgYSB0ZXN0IGtleSAuLi4u";

    private static readonly ServiceAddress Address = new("127.0.0.1", 2222, Tls: false, BeyondLoopback: false);

    private readonly TemporaryDirectory _state = new();

    public SshLoginTests() => Directory.CreateDirectory(Path.Combine(_state.Path, "ssh"));

    public void Dispose() => _state.Dispose();

    [Fact]
    public void The_host_key_is_known_under_the_name_of_the_environment()
    {
        Write("ssh_host_ed25519_key.pub", $"ssh-ed25519 {Key} torchyard\n");

        Assert.Equal($"train ssh-ed25519 {Key}\n", SshLogin.KnownHosts(UntrustedDirectory.At(_state.Path), "train"));
    }

    [Fact]
    public void What_a_program_inside_may_have_put_there_adds_no_second_host()
    {
        Write("ssh_host_ed25519_key.pub", $"ssh-ed25519 {Key}\n* ssh-ed25519 {Key}\n@cert-authority * ssh-ed25519 {Key}\n");
        Write("other.pub", $"* ssh-ed25519 {Key}\n");
        Write("broken.pub", "ssh-ed25519 !!!!\n");
        var outside = Path.Combine(_state.Path, "elsewhere");
        File.WriteAllText(outside, $"ssh-ed25519 {Key}\n");
        File.CreateSymbolicLink(Path.Combine(_state.Path, "ssh", "link.pub"), outside);

        Assert.Equal($"train ssh-ed25519 {Key}\n", SshLogin.KnownHosts(UntrustedDirectory.At(_state.Path), "train"));
    }

    [Fact]
    public void Without_a_host_key_there_is_no_login()
    {
        var failure = Assert.Throws<TorchyardException>(() => SshLogin.KnownHosts(UntrustedDirectory.At(_state.Path), "train"));

        Assert.Equal("TY4108", failure.Code);
    }

    [Fact]
    public void The_host_key_is_always_checked_and_the_users_options_stand_before_the_host()
    {
        var arguments = SshLogin
            .Arguments(Address, "train", "/s p/known_hosts", "/store/id", ["-L", "6006:localhost:6006", "-N", "ls", "-l"])
            .ToList();

        Assert.Contains("StrictHostKeyChecking=yes", arguments);
        Assert.Contains("UserKnownHostsFile=\"/s p/known_hosts\"", arguments);
        Assert.Equal(
            ["-o", "IdentityFile=/store/id", "-o", "IdentitiesOnly=yes", "-L", "6006:localhost:6006", "-N", "127.0.0.1", "ls", "-l"],
            arguments[^10..]
        );
    }

    [Fact]
    public void The_users_own_key_is_left_to_ssh() =>
        Assert.DoesNotContain(SshLogin.Arguments(Address, "train", "/k", privateKey: null, []), word =>
            word.StartsWith("Identit", StringComparison.Ordinal)
        );

    [Theory]
    [InlineData("/store/id", "/store/id")]
    [InlineData("/100%/id", "/100%%/id")]
    [InlineData("/my store/id", "\"/my store/id\"")]
    [InlineData("/a\"b\\c", "\"/a\\\"b\\\\c\"")]
    public void A_path_means_itself_to_ssh(string path, string expected) => Assert.Equal(expected, SshLogin.Word(path));

    [Theory]
    [InlineData("/store/${HOME}/id")]
    [InlineData("/store/a\nProxyCommand evil")]
    public void A_path_that_would_mean_something_else_is_refused(string path) =>
        Assert.Equal("TY4126", Assert.Throws<TorchyardException>(() => SshLogin.Word(path)).Code);

    [Theory]
    [InlineData(0)]
    [InlineData(0, "nvidia-smi", "-L")]
    [InlineData(1, "-N")]
    [InlineData(2, "-p", "22", "true")]
    [InlineData(1, "-p22", "true")]
    [InlineData(2, "-vL", "1:h:2")]
    [InlineData(1, "-L")]
    [InlineData(0, "--", "-N")]
    public void Options_of_ssh_are_told_from_the_command(int expected, params string[] words) =>
        Assert.Equal(expected, SshLogin.LeadingOptions(words));

    [Fact]
    public void A_machine_without_ssh_says_what_to_install()
    {
        var failure = Assert.Throws<TorchyardException>(() => SshLogin.RequireClient(null));

        Assert.Equal("TY4110", failure.Code);
        Assert.Contains("openssh-client", failure.Cure, StringComparison.Ordinal);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_state.Path, "ssh", name), text);
}
