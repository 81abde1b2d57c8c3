using System.Globalization;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests.Isolation;

/// <summary>Users inside a container of the machine's root are nobody on the machine.</summary>
public class OwnIdsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task The_machines_uid_1000_cannot_reach_a_container_of_roots(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        var session = await fixture.Launcher.StartAsync(
            fixture.Shell("exec 2>&1; echo secret > /run/torchyard/token; exec sleep 600"),
            Cancellation
        );
        var init = (await session.StateAsync(Cancellation))!.Init!.Id.ToString(CultureInfo.InvariantCulture);
        var status = await File.ReadAllLinesAsync($"/proc/{init}/status", Cancellation);
        var uid = uint.Parse(
            status.Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1],
            CultureInfo.InvariantCulture
        );
        Assert.InRange(uid, 524288u, 1879048191u);

        foreach (var stranger in new[] { "1000", "1", "65534" })
        {
            var result = await HostCommand.RunAsync(
                HostProgram.Require("setpriv"),
                [
                    "--reuid",
                    stranger,
                    "--regid",
                    stranger,
                    "--clear-groups",
                    "sh",
                    "-c",
                    $"cat /proc/{init}/root/run/torchyard/token; ls /proc/{init}/root; ls /proc/{init}/cwd/; cat /proc/{init}/environ; "
                        + $"kill -9 {init} && echo killed",
                ],
                cancellation: Cancellation
            );
            Assert.DoesNotContain("secret", result.Output, StringComparison.Ordinal);
            Assert.Equal("", result.Output);
        }

        Assert.True((await session.StateAsync(Cancellation))!.Init!.IsAlive);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun, UserNamespaceMode.Own)]
    [InlineData(OciRuntimeKind.Runc, UserNamespaceMode.Own)]
    [InlineData(OciRuntimeKind.Runc, UserNamespaceMode.Host)]
    public async Task Exec_joins_the_container(OciRuntimeKind kind, UserNamespaceMode users)
    {
        await using var fixture = Own.Fixture(kind);
        var session = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600") with { UserNamespace = users }, Cancellation);
        foreach (var (user, uid) in new[] { ((string?)null, "1000"), ("0", "0"), ("7:8", "7") })
        {
            var result = await session.CaptureAsync(new ExecRequest { Command = ["sh", "-c", "id -u; exit 5"], User = user }, Cancellation);
            Assert.Equal((5, uid + "\n"), (result.ExitCode, result.Output));
        }
    }

    [Fact]
    public async Task Two_containers_have_different_ids()
    {
        await using var fixture = Own.Fixture(null);
        var first = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600"), Cancellation);
        var second = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600"), Cancellation);
        var ids = (await fixture.Store.ListAsync(Cancellation)).Select(container => container.Record.Ids!.Uids[0].Outside).ToList();

        Assert.NotEqual(ids[0], ids[1]);
        Assert.NotNull(first);
        Assert.NotNull(second);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Inside_everything_looks_as_it_would_without(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "id -u; id -g; stat -c %u:%g / /etc/passwd /bin/busybox /etc/hosts; touch /tmp/x && stat -c %u:%g /tmp/x; (echo x > "
                    + "/etc/passwd) 2>/dev/null && echo wrote; "
                    + "cat /proc/self/setgroups; grep NoNewPrivs /proc/self/status"
            )
        );

        Assert.Equal("1000\n1000\n0:0\n0:0\n0:0\n0:0\n1000:1000\nallow\nNoNewPrivs:\t1", output);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Root_inside_changes_the_image_and_is_nobody_on_the_machine()
    {
        await using var fixture = Own.Fixture(null);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        File.SetUnixFileMode(shared, (UnixFileMode)0x1FF);
        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "exec 2>&1; id -u; chown 7:8 /etc/passwd && stat -c %u:%g /etc/passwd; mknod "
                    + "/tmp/null c 1 3; touch /s/as-root; chown 0 /s/theirs"
            ) with
            {
                User = "0",
                Mounts = [Own.Bind(shared, "/s")],
            }
        );

        Assert.StartsWith("0\n7:8\n", output, StringComparison.Ordinal);
        Assert.Contains("mknod", output, StringComparison.Ordinal);
        Assert.NotEqual(0, code);
    }

    [Fact]
    public async Task An_id_above_65535_is_there_too()
    {
        await using var fixture = Own.Fixture(null);
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("exec 2>&1; id -u; id -g; touch /tmp/x; stat -c %u:%g /tmp/x") with
            {
                User = "3000000:4000000",
            }
        );

        Assert.Equal("3000000\n4000000\n3000000:4000000", output);
    }

    [Fact]
    public async Task Host_shares_the_machines_ids()
    {
        await using var fixture = Own.Fixture(null);
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("exec 2>&1; cat /proc/self/uid_map") with
            {
                UserNamespace = UserNamespaceMode.Host,
            }
        );

        Assert.Equal(["0", "0", "4294967295"], output.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
