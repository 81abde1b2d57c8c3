using Torchyard.Containers.Engines;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests.Engines;

/// <summary>Answers are those of docker 20.10, 26.1 and 28.2, cut to what is read.</summary>
public class DockerDaemonTests
{
    private const string Answer =
        """{"ID":"XVAU","ServerVersion":"20.10.24+dfsg1","SecurityOptions":["name=seccomp,profile=default"],"Runtimes":{"io.containerd.runc.v2":{"path":"runc"},"runc":{"path":"runc"}}}""";

    [Theory]
    [InlineData("20.10.24+dfsg1", false)]
    [InlineData("26.1.5+dfsg1", true)]
    [InlineData("23.0.0", true)]
    [InlineData("", false)]
    public void Zstd_is_read_from_23_on(string version, bool reads) =>
        Assert.Equal(
            reads,
            DockerDaemon.Read(new CommandResult(0, Answer.Replace("20.10.24+dfsg1", version, StringComparison.Ordinal), ""), "me").ReadsZstd
        );

    [Fact]
    public void A_rootless_daemon_says_so()
    {
        Assert.False(DockerDaemon.Read(new CommandResult(0, Answer, ""), "me").IsRootless);
        Assert.True(
            DockerDaemon
                .Read(new CommandResult(0, Answer.Replace("[\"", "[\"name=rootless\",\"", StringComparison.Ordinal), ""), "me")
                .IsRootless
        );
    }

    [Fact]
    public void Podman_under_dockers_name_has_no_version_of_dockers()
    {
        var daemon = DockerDaemon.Read(
            new CommandResult(0, """{"host":{"ociRuntime":{"name":"crun"}},"version":{"Version":"4.3.1"}}""", ""),
            "me"
        );

        Assert.Null(daemon.Major);
        daemon.Require("anything", null);
    }

    [Fact]
    public void A_runtime_that_the_daemon_does_not_know_is_refused_with_the_lines_that_make_it_known()
    {
        var failure = Assert.Throws<TorchyardException>(() =>
            DockerDaemon.Read(new CommandResult(0, Answer, ""), "me").Require("crun", "/opt/crun")
        );

        Assert.Equal("TY4074", failure.Code);
        Assert.Contains("""{"runtimes": {"crun": {"path": "/opt/crun"}}}""", failure.Cure, StringComparison.Ordinal);
        DockerDaemon.Read(new CommandResult(0, Answer, ""), "me").Require("runc", null);
    }

    [Theory]
    [InlineData("TY4072", "Cannot connect to the Docker daemon at unix:///nowhere. Is the docker daemon running?")]
    [InlineData("TY4072", "error during connect: Get \"http://docker.example/v1.45/info\": dial tcp: lookup docker.example: no such host")]
    [InlineData(
        "TY4072",
        "failed to connect to the docker API at unix:///nowhere; check if the path is correct and if the daemon is running: dial unix "
            + "/nowhere: connect: no such file or directory"
    )]
    [InlineData(
        "TY4073",
        "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "
            + "\"http://%2Fvar%2Frun%2Fdocker.sock/v1.24/info\": dial unix /var/run/docker.sock: connect: permission denied"
    )]
    [InlineData("TY4073", "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock")]
    public void What_keeps_the_client_from_the_daemon_is_told_apart(string code, string said)
    {
        // Clients before 28 list it in a success, newer ones fail with it.
        var listed = new CommandResult(0, $"{{\"ServerErrors\":[{System.Text.Json.JsonSerializer.Serialize(said)}]}}", "");
        var failed = new CommandResult(1, "{\"ServerVersion\":\"\"}", "WARNING: Error loading config file\n" + said);

        foreach (var answer in new[] { listed, failed })
        {
            var failure = Assert.Throws<TorchyardException>(() => DockerDaemon.Read(answer, "me"));
            Assert.Equal(code, failure.Code);
            Assert.Contains(said, failure.Message, StringComparison.Ordinal);
            Assert.Contains(code == "TY4073" ? "usermod -aG docker me" : "systemctl start docker", failure.Cure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_answer_counts_as_no_daemon() =>
        Assert.Equal(
            "TY4072",
            Assert
                .Throws<TorchyardException>(() => DockerDaemon.Read(new CommandResult(1, "", "docker: 'info' is not a command"), "me"))
                .Code
        );
}
