using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

/// <summary>OpenSSH's clients and rsync with nothing but the entry that Torchyard writes.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class SshConfigTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Host => environment.Report.Text("ssh_host");

    private string Entry => environment.Report.Text("ssh_config");

    private string UserFile => Path.Combine(environment.Store.Home, ".ssh", "config");

    [Fact]
    public async Task The_entry_that_up_writes_logs_in_without_a_question_and_knows_the_host_key()
    {
        Assert.Equal(environment.Report.Name + ".torchyard", Host);
        var settings = (await RunAsync("ssh", "-F", Entry, "-G", Host)).Succeeded().Output.Split('\n');
        Assert.Contains($"port {environment.Report.SshPort}", settings);
        Assert.Contains("user trainer", settings);
        Assert.Contains($"hostkeyalias {environment.Report.Name}", settings);
        Assert.Contains("stricthostkeychecking true", settings);
        Assert.Contains("checkhostip no", settings);
        Assert.Contains("updatehostkeys false", settings);

        (await SshAsync(Entry, "id -un")).Succeeded().Printed("trainer");
    }

    [Fact]
    public async Task Another_host_key_at_the_address_is_refused()
    {
        var directory = environment.Store.NewProject("other-key");
        (await RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(directory, "key"))).Succeeded();
        var key = (await File.ReadAllTextAsync(Path.Combine(directory, "key.pub"), Cancellation)).Split(' ');
        await File.WriteAllTextAsync(Path.Combine(directory, "known"), $"{environment.Report.Name} {key[0]} {key[1]}\n", Cancellation);
        var text = await File.ReadAllTextAsync(Entry, Cancellation);
        var own = text.Split("UserKnownHostsFile ")[1].Split('\n')[0];
        var changed = Path.Combine(directory, "config");
        await File.WriteAllTextAsync(changed, text.Replace(own, Path.Combine(directory, "known"), StringComparison.Ordinal), Cancellation);

        var refused = await SshAsync(changed, "true");

        refused.Ended(255);
        Assert.Contains("Host key verification failed", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scp_and_rsync_find_the_environment_by_its_name()
    {
        var directory = environment.Store.NewProject("carried");
        await File.WriteAllTextAsync(Path.Combine(directory, "one.txt"), "one", Cancellation);

        (await RunAsync("scp", "-F", Entry, "-B", Path.Combine(directory, "one.txt"), $"{Host}:/tmp/one.txt")).Succeeded();
        (
            await RunAsync(
                "rsync",
                "-a",
                "-e",
                $"ssh -F {Entry} -o BatchMode=yes",
                $"{Host}:/tmp/one.txt",
                Path.Combine(directory, "back.txt")
            )
        ).Succeeded();

        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(directory, "back.txt"), Cancellation));
    }

    [Fact]
    public async Task Written_once_into_the_users_file_the_name_is_known_until_it_is_taken_out()
    {
        var before = "Host *\n  ServerAliveInterval 7\n";
        Directory.CreateDirectory(Path.GetDirectoryName(UserFile)!);
        await File.WriteAllTextAsync(UserFile, before, Cancellation);

        (await TorchyardAsync("ssh", "--config", "--write")).Succeeded().Printed($"ssh {Host}");
        (await TorchyardAsync("ssh", "--config", "--write")).Succeeded().Printed("has the line already");
        (await SshAsync(UserFile, "id -un")).Succeeded().Printed("trainer");
        // What the user has set for all hosts still holds.
        (await RunAsync("ssh", "-F", UserFile, "-G", Host)).Succeeded().Printed("serveraliveinterval 7");
        // The panel has the short form from now on.
        (await TorchyardAsync("up")).Succeeded().Printed($"ssh {Host}");

        (await TorchyardAsync("ssh", "--config", "--remove")).Succeeded();
        Assert.Equal(before, await File.ReadAllTextAsync(UserFile, Cancellation));
        Assert.NotEqual(0, (await SshAsync(UserFile, "true")).ExitCode);
    }

    [Fact]
    public async Task The_printed_entry_is_the_one_that_is_written()
    {
        var printed = (await TorchyardAsync("ssh", "--config", environment.Report.Name)).Succeeded().Output;

        Assert.Equal(await File.ReadAllTextAsync(Entry, Cancellation), printed);
        Assert.Contains($"Host {Host}\n", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_the_name_the_option_is_sshs_and_that_is_said()
    {
        var refused = await TorchyardAsync("ssh", environment.Report.Name, "--config");

        refused.Ended(2);
        Assert.Contains($"torchyard ssh --config {environment.Report.Name}", refused.Error, StringComparison.Ordinal);
    }

    private Task<ProgramOutput> TorchyardAsync(params string[] arguments) =>
        environment.Store.RunAsync(environment.Project, arguments, Cancellation);

    private Task<ProgramOutput> SshAsync(string file, string command) => RunAsync("ssh", "-F", file, "-o", "BatchMode=yes", Host, command);

    private static Task<ProgramOutput> RunAsync(string program, params string[] arguments) =>
        HostProgram.RunAsync(HostProgram.Require(program), arguments, Cancellation, patience: TimeSpan.FromMinutes(1));
}
