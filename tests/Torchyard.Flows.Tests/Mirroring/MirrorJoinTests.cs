using System.Text.Json.Nodes;
using Torchyard.Flows.Mirroring;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Tests.Mirroring;

/// <summary>Joining a mirror, and taking it back.</summary>
public sealed class MirrorJoinTests
{
    [Fact]
    public void Each_program_gets_what_it_reads()
    {
        using var machine = Machine("etc/containerd", "etc/containers", "etc/docker");
        var join = new MirrorJoin(machine.Path, null);

        MirrorJoin.Apply(join.Plan(Request("docker.io", "registry.lan:5443") with { DockerPort = 5001, Authority = "/ca.pem" }));

        Assert.Contains(
            "[host.\"http://mirror.lan:5000\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = \"/ca.pem\"\n",
            Read(machine, "etc/containerd/certs.d/docker.io/hosts.toml")
        );
        Assert.Contains("server = \"https://registry-1.docker.io\"", Read(machine, "etc/containerd/certs.d/docker.io/hosts.toml"));
        Assert.Contains("server = \"https://registry.lan:5443\"", Read(machine, "etc/containerd/certs.d/registry.lan:5443/hosts.toml"));
        var podman = Read(machine, "etc/containers/registries.conf.d/50-torchyard-mirror.conf");
        Assert.Contains("location = \"mirror.lan:5000/docker.io\"\ninsecure = true", podman);
        Assert.Contains("location = \"mirror.lan:5000/registry.lan_5443\"", podman);
        var docker = JsonNode.Parse(Read(machine, "etc/docker/daemon.json"))!;
        Assert.Equal("http://mirror.lan:5001", (string)docker["registry-mirrors"]![0]!);
        Assert.Equal("mirror.lan:5001", (string)docker["insecure-registries"]![0]!);
        Assert.Equal("mirror.lan:5000", JoinedMirror.Find([JoinedMirror.FileIn(Path.Combine(machine.Path, "etc"))])!.Host);
    }

    [Fact]
    public void A_second_time_changes_nothing()
    {
        using var machine = Machine("etc/containerd", "etc/containers", "etc/docker");
        var join = new MirrorJoin(machine.Path, null);
        var request = Request("docker.io") with { DockerPort = 5001 };
        MirrorJoin.Apply(join.Plan(request));

        Assert.All(join.Plan(request), change => Assert.Equal(NodeChangeState.Unchanged, change.State));
    }

    [Fact]
    public void Undoing_it_leaves_the_machine_as_it_was()
    {
        using var machine = Machine("etc/containerd/certs.d/ghcr.io", "etc/containers", "etc/docker");
        var own = Path.Combine(machine.Path, "etc/containerd/certs.d/ghcr.io/hosts.toml");
        File.WriteAllText(own, "# mine\n");
        var daemon = Path.Combine(machine.Path, "etc/docker/daemon.json");
        File.WriteAllText(daemon, """{"registry-mirrors": ["https://other.lan"], "log-driver": "local"}""");
        var join = new MirrorJoin(machine.Path, null);
        MirrorJoin.Apply(join.Plan(Request("docker.io") with { DockerPort = 5001 }));

        MirrorJoin.Apply(join.PlanUndo());

        Assert.Equal("# mine\n", File.ReadAllText(own));
        Assert.False(File.Exists(Path.Combine(machine.Path, "etc/containerd/certs.d/docker.io/hosts.toml")));
        Assert.False(File.Exists(Path.Combine(machine.Path, "etc/containers/registries.conf.d/50-torchyard-mirror.conf")));
        Assert.Equal(
            """{"registry-mirrors":["https://other.lan"],"log-driver":"local"}""",
            JsonNode.Parse(File.ReadAllText(daemon))!.ToJsonString()
        );
        Assert.Empty(join.PlanUndo());
    }

    [Fact]
    public void What_somebody_else_wrote_is_left()
    {
        using var machine = Machine("etc/containerd/certs.d/docker.io", "etc/docker");
        var hosts = Path.Combine(machine.Path, "etc/containerd/certs.d/docker.io/hosts.toml");
        File.WriteAllText(hosts, "server = \"https://mine\"\n");
        File.WriteAllText(Path.Combine(machine.Path, "etc/docker/daemon.json"), "{ broken");
        var join = new MirrorJoin(machine.Path, null);

        var changes = join.Plan(Request("docker.io") with { DockerPort = 5001 });
        MirrorJoin.Apply(changes);

        Assert.Equal(
            ["containerd", "docker"],
            changes.Where(change => change.State == NodeChangeState.Left).Select(change => change.Program)
        );
        Assert.Equal("server = \"https://mine\"\n", File.ReadAllText(hosts));
    }

    [Fact]
    public void A_user_who_is_not_root_changes_the_users_own_settings_alone()
    {
        using var machine = Machine("etc/containerd", "etc/docker", "home/.config");
        var settings = Path.Combine(machine.Path, "home/.config");

        var changes = new MirrorJoin(machine.Path, settings).Plan(Request("docker.io") with { DockerPort = 5001 });

        Assert.All(changes, change => Assert.StartsWith(settings, change.Path, StringComparison.Ordinal));
        Assert.Equal(["torchyard", "podman"], changes.Select(change => change.Program));
    }

    [Theory]
    [InlineData("mirror.lan", "mirror.lan:5000", false)]
    [InlineData("http://mirror.lan:80/", "mirror.lan:80", true)]
    [InlineData("https://mirror.lan:443", "mirror.lan:443", false)]
    public void A_mirror_is_named_by_host_or_address(string text, string host, bool isPlain)
    {
        var mirror = JoinRequest.Parse(text, false, []);

        Assert.Equal((host, isPlain), (mirror.Host, mirror.PlainHttp));
        Assert.Equal(["docker.io"], mirror.Registries);
    }

    private static JoinRequest Request(params string[] registries) => new() { Mirror = JoinRequest.Parse("mirror.lan", true, registries) };

    private static TemporaryDirectory Machine(params string[] directories)
    {
        var machine = new TemporaryDirectory();
        foreach (var directory in directories)
        {
            Directory.CreateDirectory(Path.Combine(machine.Path, directory));
        }

        return machine;
    }

    private static string Read(TemporaryDirectory machine, string path) => File.ReadAllText(Path.Combine(machine.Path, path));
}
