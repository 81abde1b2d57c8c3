using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>The first day of a user without rights, at a terminal of 80 columns, to its last command.</summary>
public sealed class OrdinaryUserTests
{
    private const string Recipe = """
        name = "vision"
        packages = ["openssh-server", "openssh-sftp-server", "procps", "rsync"]
        [base]
        suite = "trixie"
        [services.ssh]
        port = 0
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Comes_up_logs_in_goes_down_and_leaves_nothing_behind()
    {
        HostProgram.Require("ssh");
        await using var user = await OrdinaryUser.CreateAsync(Recipe, Cancellation);
        using var walk = await Walk.BeginAsync("/", user.Variables, user.As(user.Project), Cancellation);
        Task<string> Type(string command, params (string, string)[] dialogue) =>
            walk.TypeAsync(new TypedLine("ordinary user", command), dialogue, Cancellation);

        var panel = await Type("torchyard up");
        Assert.Contains("torchyard exec -it vision bash", panel, StringComparison.Ordinal);
        await Type("torchyard ssh vision", ("$ ", "echo \"here is $(id -un) on $(tty)\"\r"), ("here is trainer on /dev/pts/", "exit\r"));
        await Type("torchyard exec vision sh -c 'echo inside > mine; umask' > out && cat out");
        Assert.Contains("somebody", await Type("stat -c %U mine out"), StringComparison.Ordinal);
        await CarryAsync(user);

        // Without subordinate ids there is nothing to make containers with: that is said, with what to do, before anything is half done.
        await Type("torchyard down");
        var without = await user.RunAsync(withSubordinateIds: false, Cancellation, "torchyard", "up");
        without.Ended(1);
        Assert.Contains("TY4006", without.Error, StringComparison.Ordinal);
        Assert.Contains("usermod --add-subuids", without.Error, StringComparison.Ordinal);

        await Type("torchyard up");
        await walk.TypeAsync(new TypedLine("ordinary user", "torchyard uninstall"), [], Cancellation, 1);
        await Type("torchyard down");
        await walk.TypeAsync(new TypedLine("ordinary user", "torchyard uninstall"), [("[y/N] ", "n\r")], Cancellation, 1);
        Assert.True(Directory.Exists(user.Store));
        await Type("torchyard uninstall", ("[y/N] ", "y\r"));
        Assert.False(Directory.Exists(user.Store));
        Assert.Equal("inside\n", await File.ReadAllTextAsync(Path.Combine(user.Project, "mine"), Cancellation));
    }

    // The panel's own ssh line, given to the tools that take it.
    private static async Task CarryAsync(OrdinaryUser user)
    {
        var up = await user.RunAsync(withSubordinateIds: true, Cancellation, "torchyard", "up", "--json");
        var report = UpReport.Read(up.Succeeded().Output);
        string[] options =
        [
            "-o",
            "StrictHostKeyChecking=accept-new",
            "-o",
            "BatchMode=yes",
            "-o",
            $"UserKnownHostsFile={user.Home}/known_hosts",
            "-i",
            report.SshKey,
        ];

        (
            await user.RunAsync(
                true,
                Cancellation,
                ["scp", "-q", "-P", report.SshPort, .. options, "out", "trainer@127.0.0.1:/workspace/carried"]
            )
        ).Succeeded();
        (
            await user.RunAsync(
                true,
                Cancellation,
                [
                    "rsync",
                    "-a",
                    "-e",
                    $"ssh -p {report.SshPort} {string.Join(' ', options)}",
                    "trainer@127.0.0.1:/workspace/carried",
                    "back",
                ]
            )
        ).Succeeded();

        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(user.Project, "out"), Cancellation),
            await File.ReadAllTextAsync(Path.Combine(user.Project, "back"), Cancellation)
        );
        var owner = await user.RunAsync(true, Cancellation, "stat", "-c", "%U", "carried", "back");
        Assert.Equal("somebody\nsomebody\n", owner.Succeeded().Output);
    }
}
