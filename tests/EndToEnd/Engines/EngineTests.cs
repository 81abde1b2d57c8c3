using System.Text.Json;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Peers;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Engines;

/// <summary><c>run --engine</c> and <c>run --dry-run</c>.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class EngineTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Podman_starts_the_image_with_the_same_options_and_passes_its_exit_status_on()
    {
        var small = await SmallImage.BuildAsync(environment, Cancellation);
        // As podman comes: what the machine needs besides, the program finds out.
        await using var podman = Podman.Create(environment.Store.NewProject("engine"), adapted: false);
        const string Questions = "echo $A $(pwd) $(id -u) $(hostname) $(ulimit -n); stat -fc %b*%S /dev/shm; touch /x 2>/dev/null || echo read-only; touch /scratch/x; exit 9";

        var first = await RunAsync(podman, small, "sh", "-c", Questions);
        var second = await RunAsync(podman, small, "true");

        first.Ended(9);
        Assert.Equal("b /tmp 1000 inside 512\n4096*4096\nread-only\n", first.Output);
        second.Succeeded();
        var images = await podman.RunAsync(Cancellation, "images", "--quiet", "--no-trunc");
        Assert.Single(images.Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static Task<ProgramOutput> RunAsync(Podman podman, SmallImage small, params string[] command) => small.RunAsync(podman.Environment, Cancellation, [
        "run", "--engine", "podman", "--rm", "--env", "A=b", "--workdir", "/tmp", "--hostname", "inside", "--memory", "300m", "--shm-size", "16m",
        "--pids-limit", "100", "--ulimit", "nofile=512:512", "--network", "none", "--read-only", "--tmpfs", "/scratch:mode=1777", small.Name, .. command]);

    [Fact]
    public async Task Docker_gets_an_archive_of_the_image_and_the_line_that_means_the_same()
    {
        var small = await SmallImage.BuildAsync(environment, Cancellation);
        // There is no docker daemon to test with: this one writes down what it is told.
        var directory = environment.Store.NewProject("docker");
        var docker = Path.Combine(directory, "docker");
        await File.WriteAllTextAsync(docker, """
            #!/bin/sh
            printf '%s\n' "$@" >>"$DOCKER_RECORD/$1"
            case $1 in
            image) exit 1 ;;
            load) cp "$3" "$DOCKER_RECORD/image.tar" ;;
            run) cat; exit 42 ;;
            esac
            """, Cancellation);
        File.SetUnixFileMode(docker, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = $"{directory}:{System.Environment.GetEnvironmentVariable("PATH")}",
            ["DOCKER_RECORD"] = directory,
        };

        var run = await small.RunAsync(
            variables, Cancellation, "run", "--engine", "docker", "-i", "--rm", "--cpus", "1", "--memory", "1g", "-p", "127.0.0.1:18080:80",
            "--runtime", "runc", "-e", "A=it's", small.Name, "sh", "-c", "exit 1");

        run.Ended(42);
        var line = await File.ReadAllLinesAsync(Path.Combine(directory, "run"), Cancellation);
        Assert.Equal(
            ["run", "--runtime", "runc", "--rm", "--interactive", "--network", "bridge", "--memory", "1073741824", "--cpus", "1", "--shm-size", "536870912",
             "--pids-limit", "32768", "--stop-timeout", "10", "--security-opt", "no-new-privileges", "--env", "A=it's", "--publish", "127.0.0.1:18080:80/tcp",
             $"localhost/torchyard:{small.Digest[7..27]}", "sh", "-c", "exit 1"],
            line);
        var raw = await HostProgram.RunAsync(
            HostProgram.Require("skopeo"), ["inspect", "--raw", $"oci-archive:{directory}/image.tar"], Cancellation);
        var sum = await HostProgram.RunAsync("sha256sum", [], Cancellation, input: raw.Succeeded().Output);
        Assert.StartsWith(small.Digest[7..], sum.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_prints_the_docker_line_and_a_configuration_that_the_specification_accepts()
    {
        var small = await SmallImage.BuildAsync(environment, Cancellation);
        const string Schema = "/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema/config-schema.json";
        Assert.SkipUnless(File.Exists(Schema), "golang-github-opencontainers-specs-dev is not installed");

        var described = await small.RunAsync(
            new Dictionary<string, string>(), Cancellation, "run", "--dry-run", "-it", "--rm", "--memory", "1g", "--cpus", "1", "--read-only", "-v", ".:/workspace",
            "--ulimit", "nofile=512", "-e", "GREETING=good day", "--network", "none", small.Name, "sh");

        var lines = described.Succeeded().Output.Split('\n', 2);
        Assert.StartsWith("docker run --rm --interactive --tty --read-only --network none --memory 1073741824 --cpus 1 ", lines[0], StringComparison.Ordinal);
        Assert.Contains(" --env 'GREETING=good day' ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith($" --mount type=bind,source={environment.Project},target=/workspace small sh", lines[0], StringComparison.Ordinal);
        using (var configuration = JsonDocument.Parse(lines[1]))
        {
            Assert.True(configuration.RootElement.GetProperty("root").GetProperty("readonly").GetBoolean());
        }

        var file = Path.Combine(environment.Store.Root, "config.json");
        await File.WriteAllTextAsync(file, lines[1], Cancellation);
        var valid = await HostProgram.RunAsync(
            "/usr/bin/python3", ["-m", "jsonschema", "--instance", file, "--base-uri", "file://" + Path.GetDirectoryName(Schema) + "/", Schema], Cancellation);
        Assert.True(valid.ExitCode == 0 || valid.Error.Contains("No module named", StringComparison.Ordinal), valid.Transcript);
        Assert.SkipWhen(valid.ExitCode != 0, "python3-jsonschema is not installed");
        Assert.DoesNotContain("small", (await environment.Store.RunAsync(environment.Project, ["ps", "--all"], Cancellation)).Output, StringComparison.Ordinal);
    }
}
