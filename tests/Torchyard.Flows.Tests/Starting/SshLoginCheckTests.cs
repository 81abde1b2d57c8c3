using Torchyard.Flows.Starting;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Tests.Starting;

public sealed class SshLoginCheckTests : IDisposable
{
    private static readonly SshLoginCheck.Login Closed = new(255, "", "Connection to 127.0.0.1 closed by remote host.\n") { IsOver = true };

    private readonly TemporaryDirectory _directory = new();

    private string AuthorizedKeys => Path.Combine(_directory.Path, "authorized_keys");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Its_key_is_let_in_for_one_program_on_a_terminal_and_is_taken_back()
    {
        var check = new SshLoginCheck(
            new AccessKeys("ssh-ed25519 AAAA mine\n", null, "~/.ssh/id_ed25519"),
            UntrustedDirectory.At(_directory.Path)
        );

        check.Admit();
        var admitted = File.ReadAllLines(AuthorizedKeys);
        check.Withdraw();

        Assert.Equal("ssh-ed25519 AAAA mine", admitted[0]);
        Assert.StartsWith("restrict,pty,command=\"tty\" ssh-ed25519 ", admitted[1], StringComparison.Ordinal);
        Assert.Equal("ssh-ed25519 AAAA mine\n", File.ReadAllText(AuthorizedKeys));
    }

    [Fact]
    public void A_link_that_a_program_inside_left_in_the_place_of_the_keys_is_replaced_and_not_followed()
    {
        var outside = Path.Combine(_directory.Path, "outside");
        File.WriteAllText(outside, "mine");
        File.CreateSymbolicLink(AuthorizedKeys, outside);

        new SshLoginCheck(
            new AccessKeys("ssh-ed25519 AAAA mine\n", null, "~/.ssh/id_ed25519"),
            UntrustedDirectory.At(_directory.Path)
        ).Admit();

        Assert.Equal("mine", File.ReadAllText(outside));
        Assert.Null(new FileInfo(AuthorizedKeys).LinkTarget);
    }

    [Fact]
    public void A_terminal_that_sshd_cannot_set_up_is_told_in_its_own_words()
    {
        var failure = SshLoginCheck.Failure(
            "vision",
            Closed,
            [
                "Server listening on 127.0.0.1 port 2222.",
                "an older complaint",
                "Accepted publickey for trainer from 127.0.0.1 port 58002 ssh2: ED25519 SHA256:ixj",
                "chown(/dev/pts/0, 1000, 5) failed: Operation not permitted",
                "Attempt to write login records by non-root user (aborting)",
            ]
        );

        Assert.Equal("TY4113", failure.Code);
        Assert.Contains(
            "to give a terminal: sshd says \"chown(/dev/pts/0, 1000, 5) failed: Operation not permitted\"",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_key_that_is_refused_without_a_word_of_sshd_is_told_in_the_words_of_ssh()
    {
        var failure = SshLoginCheck.Failure(
            "vision",
            new SshLoginCheck.Login(255, "", "trainer@127.0.0.1: Permission denied (publickey).\n") { IsOver = true },
            ["Server listening on 127.0.0.1 port 2222."]
        );

        Assert.Contains(
            "to log in with a key: ssh says \"trainer@127.0.0.1: Permission denied (publickey).\"",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    private const string Mine = "SHA256:ixj";

    private static readonly string[] LetIn =
    [
        "Accepted publickey for trainer from 127.0.0.1 port 58002 ssh2: ED25519 SHA256:ixj",
        "Attempt to write login records by non-root user (aborting)",
    ];

    [Fact]
    public void What_a_start_file_of_the_shell_prints_before_the_terminal_is_no_fault() =>
        Assert.True(SshLoginCheck.HasTerminal(new SshLoginCheck.Login(0, "Welcome back!\r\n/dev/pts/0\r\n", "") { IsOver = true }));

    [Fact]
    public void A_start_file_that_asks_holds_the_login_and_one_that_exits_ends_it()
    {
        Assert.True(SshLoginCheck.IsStoppedByShell(new SshLoginCheck.Login(255, "", "nothing came of it within 6 seconds"), LetIn, Mine));
        Assert.True(SshLoginCheck.IsStoppedByShell(new SshLoginCheck.Login(0, "", "") { IsOver = true }, LetIn, Mine));
        Assert.True(SshLoginCheck.IsStoppedByShell(new SshLoginCheck.Login(3, "Which cluster? ", "") { IsOver = true }, LetIn, Mine));
    }

    [Fact]
    public void Only_a_key_that_was_let_in_and_a_terminal_that_was_given_leave_the_shell_as_the_cause()
    {
        var silent = new SshLoginCheck.Login(255, "", "nothing came of it within 20 seconds");

        Assert.False(SshLoginCheck.IsStoppedByShell(silent, ["Server listening on 127.0.0.1 port 2222."], Mine));
        Assert.False(SshLoginCheck.IsStoppedByShell(silent, LetIn, "SHA256:another"));
        Assert.False(
            SshLoginCheck.IsStoppedByShell(silent, [.. LetIn, "chown(/dev/pts/0, 1000, 5) failed: Operation not permitted"], Mine)
        );
        Assert.False(SshLoginCheck.IsStoppedByShell(Closed, LetIn, Mine));
        Assert.False(
            SshLoginCheck.IsStoppedByShell(
                new SshLoginCheck.Login(1, "", "PTY allocation request failed on channel 0\n") { IsOver = true },
                LetIn,
                Mine
            )
        );
    }

    [Fact]
    public void A_fingerprint_is_as_sshd_prints_it() =>
        Assert.Equal(
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            AccessKeys.Fingerprint("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github")
        );
}
