using System.Diagnostics;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests.Lifecycle;

public class ContainerLifecycleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task A_container_runs_as_the_images_user_and_leaves_log_and_exit_status(OciRuntimeKind kind)
    {
        Assert.SkipWhen(
            !new[] { "/usr/bin", "/usr/sbin" }.Any(d => File.Exists(Path.Combine(d, kind.ToString().ToLowerInvariant()))),
            $"needs {kind}"
        );
        await using var fixture = ContainerFixture.Create(kind);
        var (code, output, state) = await fixture.RunAsync(fixture.Shell("id; echo $FROM_IMAGE $HOME; pwd; echo wrong >&2; exit 7"));

        Assert.Equal(7, code);
        Assert.Contains("uid=1000(trainer) gid=1000(trainer) groups=", output, StringComparison.Ordinal);
        Assert.Contains("1 /home/trainer\n/", output, StringComparison.Ordinal);
        Assert.Contains("wrong", output, StringComparison.Ordinal);
        Assert.Equal(ContainerStatus.Exited, state.Status);
    }

    [Fact]
    public async Task A_direct_run_passes_the_exit_status_and_leaves_nothing()
    {
        await using var fixture = ContainerFixture.Create();
        var code = await fixture.Launcher.RunAsync(fixture.Request("sh", "-c", "exit 42") with { Remove = true }, Cancellation);

        Assert.Equal(42, code);
        Assert.Empty(Directory.EnumerateDirectories(fixture.Paths.Containers));
    }

    [Theory]
    [InlineData("nothing-here", "TY4041")]
    [InlineData("/etc/passwd", "TY4042")]
    public async Task A_program_that_cannot_start_says_why(string program, string code)
    {
        await using var fixture = ContainerFixture.Create();
        var error = await Assert.ThrowsAsync<TorchyardException>(() => fixture.Launcher.StartAsync(fixture.Request(program), Cancellation));

        Assert.True(code == error.Code, $"{error.Code}: {error.Message}");
        Assert.Contains(program, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_sees_the_containers_processes_and_its_own_user_and_directory()
    {
        await using var fixture = ContainerFixture.Create();
        var session = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600"), Cancellation);
        var result = await session.CaptureAsync(
            new ExecRequest
            {
                Command = ["sh", "-c", "id -u; pwd; echo $EXTRA; ps | grep -c '[s]leep 600'; exit 5"],
                User = "guest",
                WorkingDirectory = "/tmp",
                Environment = ["EXTRA=x"],
            },
            Cancellation
        );

        Assert.Equal("7\n/tmp\nx\n1\n", result.Output);
        Assert.Equal(5, result.ExitCode);
        var missing = await Assert.ThrowsAsync<TorchyardException>(() =>
            session.CaptureAsync(new ExecRequest { Command = ["nothing"] }, Cancellation)
        );
        Assert.Equal("TY4041", missing.Code);
    }

    [Theory]
    [InlineData("TY9027", "trap '' TERM INT; sleep 1000")]
    [InlineData("TY9028", "trap '' PIPE; cat /dev/zero; sleep 1000")]
    [InlineData("TY9028", "cat /dev/zero >&2")]
    public async Task What_Torchyard_itself_runs_inside_has_bounds(string code, string script)
    {
        await using var fixture = ContainerFixture.Create();
        var session = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600"), Cancellation);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            session.CaptureAsync(new ExecRequest { Command = ["sh", "-c", script], Bounds = ProgramBounds.Login }, Cancellation)
        );

        Assert.Equal(code, failure.Code);
        Assert.True(clock.Elapsed < ProgramBounds.Login.Time + TimeSpan.FromSeconds(60), $"{clock.Elapsed}");
        Assert.Equal(0, (await session.CaptureAsync(new ExecRequest { Command = ["true"] }, Cancellation)).ExitCode);
    }

    [Fact]
    public async Task Stop_asks_first_and_kills_after_the_timeout()
    {
        await using var fixture = ContainerFixture.Create();
        var polite = await fixture.Launcher.StartAsync(
            fixture.Shell("trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"),
            Cancellation
        );
        await foreach (var line in polite.LogAsync(null, null, follow: true, Cancellation))
        {
            Assert.Equal("up", line.Text);
            break;
        }

        await polite.StopAsync(null, Cancellation);
        var deaf = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600"), Cancellation);
        await deaf.StopAsync(TimeSpan.FromMilliseconds(50), Cancellation);

        Assert.Equal(3, (await polite.StateAsync(Cancellation))!.ExitCode);
        Assert.Equal(137, (await deaf.StateAsync(Cancellation))!.ExitCode);
    }

    [Fact]
    public async Task A_killed_monitor_is_found_out_and_cleaned_up_after()
    {
        await using var fixture = ContainerFixture.Create();
        var session = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600"), Cancellation);
        var state = (await session.StateAsync(Cancellation))!;
        state.Monitor!.Signal(SignalNumbers.Kill);
        Assert.True((await fixture.Store.FindAsync(session.Record.Name, Cancellation)).IsRunning);

        state.Init!.Signal(SignalNumbers.Kill);
        await session.WaitAsync(Cancellation);
        var found = await fixture.Store.FindAsync(session.Record.Name, Cancellation);

        Assert.Equal(ContainerStatus.Exited, found.State.Status);
        Assert.Null(found.State.ExitCode);
        Assert.Contains("monitor was killed", found.State.Error, StringComparison.Ordinal);
        Assert.All(session.Record.Cgroups.Values, d => Assert.False(Directory.Exists(d)));
    }

    [Fact]
    public async Task Two_containers_cannot_have_one_name()
    {
        await using var fixture = ContainerFixture.Create();
        await fixture.Launcher.StartAsync(fixture.Request("sleep", "600") with { Name = "one" }, Cancellation);
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            fixture.Launcher.StartAsync(fixture.Request("sleep", "600") with { Name = "one" }, Cancellation)
        );

        Assert.Equal("TY4038", error.Code);
        Assert.Single(await fixture.Store.ListAsync(Cancellation));
    }

    [Fact]
    public async Task The_root_is_private_and_mounts_are_shared()
    {
        await using var fixture = ContainerFixture.Create();
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        var request = fixture.Shell(
            "echo in > /data/new; echo upper > /root-file; touch /ro/x && echo WROTE; ls -ld /data; stat -c %u /data/new; df /mem | tail -1"
        ) with
        {
            User = "0",
            Mounts =
            [
                MountSyntax.Volume($"{shared}:/data", "/"),
                MountSyntax.Volume($"{shared}:/ro:ro", "/"),
                MountSyntax.Tmpfs("/mem:size=1m"),
            ],
        };
        var (_, output, _) = await fixture.RunAsync(request);

        Assert.Equal("in\n", File.ReadAllText(Path.Combine(shared, "new")));
        Assert.DoesNotContain("WROTE", output, StringComparison.Ordinal);
        Assert.Contains("tmpfs", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(fixture.Directory, "layer/root-file")));
    }

    [Fact]
    public async Task Files_on_a_mount_belong_to_its_owner()
    {
        await using var fixture = ContainerFixture.Create();
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("echo x > /workspace/new && stat -c %U /workspace/new") with
            {
                Mounts = [MountSyntax.Volume($"{shared}:/workspace", "/")],
            }
        );
        Assert.SkipWhen(
            fixture.Warnings.Any(w => w.Contains("belongs to uid", StringComparison.Ordinal)),
            "the file system has no idmapped mounts"
        );

        Assert.Equal("trainer", output);
        Assert.True(File.Exists(Path.Combine(shared, "new")));
        Assert.Equal(Owner(shared), Owner(Path.Combine(shared, "new")));
    }

    [Fact]
    public async Task Nothing_of_the_host_can_be_changed_from_inside()
    {
        await using var fixture = ContainerFixture.Create();
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "mount -t tmpfs t /tmp && echo MOUNTED; echo x > /proc/sys/kernel/hostname && echo SYSCTL; grep -E "
                    + "'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; cat /proc/kcore | "
                    + "head -c1 | wc -c; mknod /tmp/n b 8 0 && echo NODE"
            )
        );

        Assert.DoesNotContain("MOUNTED", output, StringComparison.Ordinal);
        Assert.DoesNotContain("SYSCTL", output, StringComparison.Ordinal);
        Assert.DoesNotContain("NODE", output, StringComparison.Ordinal);
        Assert.Contains("CapEff:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", output, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", output, StringComparison.Ordinal);
    }

    private static string Owner(string path)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%u:%g", path]) { RedirectStandardOutput = true })!;
        return stat.StandardOutput.ReadToEnd();
    }
}
