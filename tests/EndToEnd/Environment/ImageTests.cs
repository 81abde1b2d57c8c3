namespace Torchyard.EndToEnd.Environment;

/// <summary>The image as Debian's own tools see it.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class ImageTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dpkg_finds_nothing_unfinished()
    {
        var audit = await environment.ExecAsync(Cancellation, "dpkg", "--audit");

        Assert.Equal("", audit.Succeeded().Output);
        var states = await environment.ExecAsync(Cancellation, "sh", "-c", "dpkg-query -W -f '${db:Status-Abbrev}\\n' | sort -u");
        Assert.Equal("ii ", states.Succeeded().Output.TrimEnd('\n'));
    }

    [Fact]
    public async Task Apt_finds_every_dependency_met()
    {
        // apt-get check wants to take a lock, and the program runs without privileges.
        var check = await environment.ExecAsync(Cancellation, "apt-get", "-o", "Debug::NoLocking=1", "-o", "Dir::Cache=/tmp/apt", "check");

        check.Succeeded();
    }

    [Theory]
    [InlineData("layers")]
    [InlineData("containers")]
    [InlineData("projects")]
    [InlineData("tmp")]
    public void Nobody_else_reaches_the_set_user_id_programs_in_the_store(string directory) =>
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.Combine(environment.Store.Store, directory))
        );

    [Fact]
    public async Task No_layer_holds_a_private_key()
    {
        var shell = await environment.Store.RunAsync(
            environment.Project,
            [
                "run",
                "--rm",
                "--entrypoint",
                "",
                environment.Report.Image,
                "sh",
                "-c",
                "grep -rlsE --include='*' 'PRIVATE KEY-----' /etc /root /home /var/lib 2>/dev/null; ls /etc/ssh",
            ],
            Cancellation
        );

        shell.Succeeded().Printed("sshd_config");
        Assert.DoesNotContain("ssh_host_", shell.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("/etc/", shell.Output, StringComparison.Ordinal);
        foreach (
            var blob in Directory.EnumerateFiles(
                Path.Combine(environment.Store.Store, "layers"),
                "ssh_host_*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
            )
        )
        {
            Assert.Fail($"{blob} is part of a layer");
        }
    }
}
