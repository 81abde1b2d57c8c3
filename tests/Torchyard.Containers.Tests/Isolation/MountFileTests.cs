using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests.Isolation;

/// <summary>Files that a container makes on a mount belong to the mount's owner, and carry no privilege.</summary>
public class MountFileTests
{
    private const string MakePrivileged =
        // What is refused is said on the other stream, whose lines may come later.
        "exec 2>&1; cp /bin/busybox /w/direct; chmod 4755 /w/direct; chmod 2755 /w/direct; chmod u+s /w/direct; chmod g+s /w/direct; "
        + "mkdir /w/dir; chmod 2777 /w/dir; chmod 6755 /w/dir; touch /w/kept; chmod 1755 /w/kept; "
        + "mknod -m 4755 /w/fifo p; mkdir -m 2755 /w/made; chmod 755 /w/direct; echo done";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OciRuntimeKind.Crun, null)]
    [InlineData(OciRuntimeKind.Crun, "0")]
    [InlineData(OciRuntimeKind.Crun, "7:8")]
    [InlineData(OciRuntimeKind.Runc, null)]
    [InlineData(OciRuntimeKind.Runc, "0")]
    public async Task No_set_user_id_or_set_group_id_bit_can_be_made(OciRuntimeKind kind, string? user)
    {
        await using var fixture = Own.Fixture(kind);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        var (_, output, _) = await fixture.RunAsync(fixture.Shell(MakePrivileged) with { User = user, Mounts = [Own.Bind(shared, "/w")] });

        Assert.EndsWith("done", output, StringComparison.Ordinal);
        Assert.Contains("direct: Operation not permitted", output, StringComparison.Ordinal);
        var made = new DirectoryInfo(shared).GetFileSystemInfos();
        Assert.Contains(made, file => file.Name == "direct");
        Assert.All(made, file => Assert.Equal(UnixFileMode.None, file.UnixFileMode & (UnixFileMode.SetUser | UnixFileMode.SetGroup)));
        Assert.True(File.GetUnixFileMode(Path.Combine(shared, "kept")).HasFlag(UnixFileMode.StickyBit));
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task A_set_user_id_program_that_is_there_gives_nothing_inside(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        var (_, output, _) = await fixture.RunAsync(
            fixture.Shell("exec 2>&1; grep ' /w ' /proc/self/mounts; grep ' / ' /proc/self/mounts; grep ' /v ' /proc/self/mounts") with
            {
                Mounts =
                [
                    Own.Bind(shared, "/w"),
                    new MountRequest
                    {
                        Kind = MountKind.Volume,
                        Source = "kept",
                        Target = "/v",
                    },
                ],
            }
        );

        Assert.All(output.Split('\n'), line => Assert.Contains("nosuid,nodev", line, StringComparison.Ordinal));
        Assert.Equal(3, output.Split('\n').Length);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun, UserNamespaceMode.Own)]
    [InlineData(OciRuntimeKind.Runc, UserNamespaceMode.Own)]
    [InlineData(OciRuntimeKind.Crun, UserNamespaceMode.Host)]
    public async Task No_capability_of_a_file_can_be_set_on_one(OciRuntimeKind kind, UserNamespaceMode users)
    {
        // The kernel would store what root inside sets as one that counts on the machine: the owner on disk is root.
        const int SetFileCapabilities = 31;
        await using var fixture = Own.Fixture(kind);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        var session = await fixture.Launcher.StartAsync(
            fixture.Request("sleep", "600") with
            {
                User = "0",
                UserNamespace = users,
                Mounts = [Own.Bind(shared, "/w")],
            },
            Cancellation
        );
        foreach (var user in new[] { null, "0", "1000" })
        {
            var sets = (
                await session.CaptureAsync(new ExecRequest { Command = ["grep", "^Cap", "/proc/self/status"], User = user }, Cancellation)
            ).Output;
            Assert.All(sets.Split('\n', StringSplitOptions.RemoveEmptyEntries), line =>
                Assert.Equal(0UL, Convert.ToUInt64(line.Split('\t')[1], 16) >> SetFileCapabilities & 1)
            );
        }
    }

    [Theory]
    [InlineData(0u, null)]
    [InlineData(4321u, null)]
    [InlineData(1000u, null)]
    [InlineData(0u, "0")]
    [InlineData(4321u, "7:8")]
    public async Task What_the_user_writes_belongs_to_the_mounts_owner(uint owner, string? user)
    {
        await using var fixture = Own.Fixture(null);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared"), (UnixFileMode)0x1C0).FullName;
        File.WriteAllText(Path.Combine(shared, "before"), "mine");
        await HostCommand.RunAsync(HostProgram.Require("chown"), ["-R", $"{owner}:{owner}", shared], cancellation: Cancellation);
        var (code, output, _) = await fixture.RunAsync(
            fixture.Shell(
                "exec 2>&1; cat /w/before; echo more >> /w/before; echo new > /w/new; mkdir /w/dir; stat -c %u /w/before /w/new | head -1"
            ) with
            {
                User = user,
                Mounts = [Own.Bind(shared, "/w")],
            }
        );

        Assert.Equal($"mine{(user ?? "1000").Split(':')[0]}", output);
        Assert.Equal(0, code);
        foreach (var name in new[] { "before", "new", "dir" })
        {
            Assert.Equal($"{owner}:{owner}", await OwnerAsync(Path.Combine(shared, name)));
        }
    }

    [Fact]
    public async Task What_root_inside_writes_beside_the_user_belongs_to_nobody_of_the_machine()
    {
        await using var fixture = Own.Fixture(null);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared")).FullName;
        var session = await fixture.Launcher.StartAsync(
            fixture.Request("sleep", "600") with
            {
                Mounts = [Own.Bind(shared, "/w")],
            },
            Cancellation
        );
        var result = await session.CaptureAsync(
            new ExecRequest { Command = ["sh", "-c", "touch /w/r && chown 33:33 /w/r; touch /w/s; chmod 4755 /w/s"], User = "0" },
            Cancellation
        );

        Assert.Contains("Operation not permitted", result.Error, StringComparison.Ordinal);
        Assert.Equal("1879048225:1879048225", await OwnerAsync(Path.Combine(shared, "r")));
        Assert.Equal("1879048192:1879048192", await OwnerAsync(Path.Combine(shared, "s")));
        Assert.Equal(
            "33:33\n",
            (await session.CaptureAsync(new ExecRequest { Command = ["stat", "-c", "%u:%g", "/w/r"] }, Cancellation)).Output
        );
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Read_only_holds_for_what_is_mounted_below_too(OciRuntimeKind kind)
    {
        await using var fixture = Own.Fixture(kind);
        var shared = Directory.CreateDirectory(Path.Combine(fixture.Directory, "shared/below")).Parent!.FullName;
        await HostCommand.RunAsync(
            HostProgram.Require("mount"),
            ["-t", "tmpfs", "-o", "mode=777", "t", Path.Combine(shared, "below")],
            cancellation: Cancellation
        );
        try
        {
            var (_, output, _) = await fixture.RunAsync(
                fixture.Shell("exec 2>&1; touch /w/x; touch /w/below/x; grep -c ' /w/below .*ro,nosuid,nodev' /proc/self/mounts") with
                {
                    Mounts = [Own.Bind(shared, "/w") with { ReadOnly = true }],
                }
            );

            Assert.Equal("touch: /w/x: Read-only file system\ntouch: /w/below/x: Read-only file system\n1", output);
        }
        finally
        {
            await HostCommand.RunAsync(
                HostProgram.Require("umount"),
                [Path.Combine(shared, "below")],
                cancellation: CancellationToken.None
            );
        }
    }

    private static async Task<string> OwnerAsync(string path) =>
        (await HostCommand.RunAsync(HostProgram.Require("stat"), ["-c", "%u:%g", path], cancellation: Cancellation)).Output.Trim();
}
