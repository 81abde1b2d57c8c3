using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sandbox;
using Torchyard.Images.Sandbox;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests.Sandbox;

public class OciRootSandboxTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["PATH"] = "/bin", ["LANG"] = "C.UTF-8" };

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Changes_land_in_the_upper_directory_and_lines_are_streamed(OciRuntimeKind kind)
    {
        await using var root = BusyboxRoot.Create();
        var lines = new List<string>();
        var result = await Sandbox(root, kind)
            .RunAsync(
                Request(root, "echo one; echo two >&2; echo data > /etc/made; rm /etc/group; chown 7:8 /etc/made; exit 3", lines.Add),
                TestContext.Current.CancellationToken
            );

        Assert.Equal(3, result.ExitCode);
        Assert.Equal(["one", "two"], lines.Order());
        Assert.Equal("data\n", File.ReadAllText(Path.Combine(root.Directory, "upper/etc/made")));
        Assert.False(File.Exists(Path.Combine(root.Layer, "etc/made")));
        Assert.True(File.Exists(Path.Combine(root.Layer, "etc/group")));
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task A_script_that_never_ends_is_stopped_with_all_that_it_started(OciRuntimeKind kind)
    {
        await using var root = BusyboxRoot.Create();
        var mark = Random.Shared.Next(100_000, 1_000_000);
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            Sandbox(root, kind)
                .RunAsync(
                    Request(root, $"trap '' TERM; (while :; do echo x; sleep 0.2; done) & sleep {mark}") with
                    {
                        Bounds = ProgramBounds.Login,
                    },
                    TestContext.Current.CancellationToken
                )
        );

        Assert.Equal("TY9027", failure.Code);
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc").Where(process => File.Exists(process + "/cmdline")), process =>
            CommandLine(process).Contains($"sleep\0{mark}", StringComparison.Ordinal)
        );
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline");
        }
        catch (IOException)
        {
            return ""; // It has ended.
        }
    }

    [Fact]
    public async Task Sixty_layers_with_long_names_fit_into_one_mount()
    {
        await using var root = BusyboxRoot.Create();
        var lower = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var layer = root.MakeDirectory($"{i:d2},{new string('x', 120)}:");
            File.WriteAllText(Path.Combine(layer, $"layer{i}"), "");
            lower.Add(layer);
        }

        lower.Add(root.Layer);
        var result = await Sandbox(root, null)
            .RunAsync(Request(root, "ls / | grep -c layer") with { Lower = lower }, TestContext.Current.CancellationToken);

        Assert.Equal("60", result.Tail);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task A_maintainer_script_reaches_no_device_of_the_machine(OciRuntimeKind kind)
    {
        Assert.SkipUnless(BusyboxRoot.IsRoot, "needs root");
        await using var root = BusyboxRoot.Create();
        // /dev/mem and /dev/kmsg stand for disks: every machine has them.
        var result = await Sandbox(root, kind)
            .RunAsync(
                Request(
                    root,
                    "mknod /disk b 7 0; mknod /dev/mem c 1 1; head -c 1 /was-there; head -c 1 /dev/zero | wc -c; grep CapEff "
                        + "/proc/self/status; exit 0"
                ) with
                {
                    Lower = [await WithDeviceAsync(root), root.Layer],
                },
                TestContext.Current.CancellationToken
            );

        Assert.Contains("mknod: /disk: Operation not permitted", result.Tail, StringComparison.Ordinal);
        Assert.Contains("mknod: /dev/mem: Operation not permitted", result.Tail, StringComparison.Ordinal);
        Assert.Matches("/was-there: (Permission denied|Operation not permitted)", result.Tail);
        Assert.Contains("\n1\n", result.Tail, StringComparison.Ordinal);
        Assert.Contains("CapEff:\t00000000a00425fb", result.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_the_network_of_the_machine_no_raw_packets_can_be_sent()
    {
        await using var root = BusyboxRoot.Create();
        var result = await Sandbox(root, null)
            .RunAsync(Request(root, "grep CapBnd /proc/self/status") with { HostNetwork = true }, TestContext.Current.CancellationToken);

        Assert.Equal("CapBnd:\t00000000a00405fb", result.Tail);
    }

    [Theory]
    [InlineData(OciRuntimeKind.Crun)]
    [InlineData(OciRuntimeKind.Runc)]
    public async Task Processes_and_memory_of_a_build_are_bounded(OciRuntimeKind kind)
    {
        Assert.SkipUnless(
            BusyboxRoot.IsRoot && global::Torchyard.Machine.Kernel.CgroupLayout.Detect().Writable,
            "needs root and writable cgroups"
        );
        await using var root = BusyboxRoot.Create();
        var groups = "";
        await Sandbox(root, kind)
            .RunAsync(Request(root, "echo here; cat /proc/self/cgroup; sleep 1", line =>
                {
                    if (line.Contains(":pids:", StringComparison.Ordinal) || line.StartsWith("0::/ty", StringComparison.Ordinal))
                    {
                        groups = File.ReadAllText(
                            Directory
                                .EnumerateFiles(
                                    "/sys/fs/cgroup",
                                    "pids.max",
                                    new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4 }
                                )
                                .Single(file =>
                                    file.Contains(line[line.IndexOf("/ty-build", StringComparison.Ordinal)..], StringComparison.Ordinal)
                                )
                        );
                    }
                }), TestContext.Current.CancellationToken);

        Assert.Equal("16384\n", groups);
    }

    [Fact]
    public async Task There_is_no_network_and_no_way_to_mount()
    {
        await using var root = BusyboxRoot.Create();
        var result = await Sandbox(root, null)
            .RunAsync(
                Request(
                    root,
                    "ls /proc/sys/net/ipv4/conf; mount -t tmpfs t /tmp 2>/dev/null && echo mounted; id -u; touch /dev/shm/x && echo shm"
                ),
                TestContext.Current.CancellationToken
            );

        Assert.DoesNotContain("eth", result.Tail, StringComparison.Ordinal);
        Assert.DoesNotContain("mounted", result.Tail, StringComparison.Ordinal);
        Assert.Contains("0\nshm", result.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_lower_layers_the_upper_directory_is_the_root()
    {
        await using var root = BusyboxRoot.Create();
        var result = await Sandbox(root, null)
            .RunAsync(Request(root, "echo x > /made") with { Lower = [], Upper = root.Layer }, TestContext.Current.CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Assert.True(File.Exists(Path.Combine(root.Layer, "made")));
    }

    [Fact]
    public async Task A_missing_program_says_what_the_runtime_said()
    {
        await using var root = BusyboxRoot.Create();
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            Sandbox(root, null).RunAsync(Request(root, "") with { Arguments = ["/bin/nothing"] }, TestContext.Current.CancellationToken)
        );

        Assert.Equal("TY4011", error.Code);
        Assert.Contains("/bin/nothing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_everything_inside()
    {
        await using var root = BusyboxRoot.Create();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Sandbox(root, null).RunAsync(Request(root, "echo ready; sleep 600", _ => cancel.Cancel()), cancel.Token)
        );

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(root.Directory, "store/tmp")));
    }

    private static OciRootSandbox Sandbox(BusyboxRoot root, OciRuntimeKind? kind)
    {
        Assert.SkipWhen(
            kind is { } k && !new[] { "/usr/bin", "/usr/sbin" }.Any(d => File.Exists(Path.Combine(d, k.ToString().ToLowerInvariant()))),
            $"needs {kind}"
        );
        return new OciRootSandbox(
            new StorePaths(Path.Combine(root.Directory, "store")),
            new MachineRuntimeSource(kind),
            SelfProgram.Current
        );
    }

    private static SandboxRequest Request(BusyboxRoot root, string script, Action<string>? onLine = null) =>
        new()
        {
            Lower = [root.Layer],
            Upper = root.MakeDirectory("upper"),
            Work = root.MakeDirectory("work"),
            Arguments = ["/bin/sh", "-c", script],
            Environment = Variables,
            OnLine = onLine,
        };

    private static async Task<string> WithDeviceAsync(BusyboxRoot root)
    {
        var layer = root.MakeDirectory("device");
        await Torchyard.Platform.Processes.HostCommand.RunAsync(
            Torchyard.Platform.Processes.HostProgram.Require("mknod"),
            ["-m", "666", Path.Combine(layer, "was-there"), "c", "1", "1"]
        );
        return layer;
    }
}
