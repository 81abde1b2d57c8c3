using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sandbox;
using Torchyard.Images;
using Torchyard.Platform;
using Torchyard.Platform.Files;

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
        var result = await Sandbox(root, kind).RunAsync(
            Request(root, "echo one; echo two >&2; echo data > /etc/made; rm /etc/group; chown 7:8 /etc/made; exit 3", lines.Add),
            TestContext.Current.CancellationToken);

        Assert.Equal(3, result.ExitCode);
        Assert.Equal(["one", "two"], lines.Order());
        Assert.Equal("data\n", File.ReadAllText(Path.Combine(root.Directory, "upper/etc/made")));
        Assert.False(File.Exists(Path.Combine(root.Layer, "etc/made")));
        Assert.True(File.Exists(Path.Combine(root.Layer, "etc/group")));
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
        var result = await Sandbox(root, null).RunAsync(
            Request(root, "ls / | grep -c layer") with { Lower = lower }, TestContext.Current.CancellationToken);

        Assert.Equal("60", result.Tail);
    }

    [Fact]
    public async Task There_is_no_network_and_no_way_to_mount()
    {
        await using var root = BusyboxRoot.Create();
        var result = await Sandbox(root, null).RunAsync(
            Request(root, "ls /proc/sys/net/ipv4/conf; mount -t tmpfs t /tmp 2>/dev/null && echo mounted; id -u; touch /dev/shm/x && echo shm"),
            TestContext.Current.CancellationToken);

        Assert.DoesNotContain("eth", result.Tail, StringComparison.Ordinal);
        Assert.DoesNotContain("mounted", result.Tail, StringComparison.Ordinal);
        Assert.Contains("0\nshm", result.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_lower_layers_the_upper_directory_is_the_root()
    {
        await using var root = BusyboxRoot.Create();
        var result = await Sandbox(root, null).RunAsync(
            Request(root, "echo x > /made") with { Lower = [], Upper = root.Layer }, TestContext.Current.CancellationToken);

        Assert.Equal(0, result.ExitCode);
        Assert.True(File.Exists(Path.Combine(root.Layer, "made")));
    }

    [Fact]
    public async Task A_missing_program_says_what_the_runtime_said()
    {
        await using var root = BusyboxRoot.Create();
        var error = await Assert.ThrowsAsync<TorchyardException>(() => Sandbox(root, null).RunAsync(
            Request(root, "") with { Arguments = ["/bin/nothing"] }, TestContext.Current.CancellationToken));

        Assert.Equal("TY4011", error.Code);
        Assert.Contains("/bin/nothing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_everything_inside()
    {
        await using var root = BusyboxRoot.Create();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sandbox(root, null).RunAsync(
            Request(root, "echo ready; sleep 600", _ => cancel.Cancel()), cancel.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(root.Directory, "store/tmp")));
    }

    private static OciRootSandbox Sandbox(BusyboxRoot root, OciRuntimeKind? kind)
    {
        Assert.SkipWhen(kind is { } k && !new[] { "/usr/bin", "/usr/sbin" }.Any(d => File.Exists(Path.Combine(d, k.ToString().ToLowerInvariant()))), $"needs {kind}");
        return new OciRootSandbox(new StorePaths(Path.Combine(root.Directory, "store")), new MachineRuntimeSource(kind), SelfProgram.Current);
    }

    private static SandboxRequest Request(BusyboxRoot root, string script, Action<string>? onLine = null) => new()
    {
        Lower = [root.Layer],
        Upper = root.MakeDirectory("upper"),
        Work = root.MakeDirectory("work"),
        Arguments = ["/bin/sh", "-c", script],
        Environment = Variables,
        OnLine = onLine,
    };
}
