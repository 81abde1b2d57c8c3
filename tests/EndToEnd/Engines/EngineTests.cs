using System.Text.Json;
using Torchyard.EndToEnd.Peers;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Engines;

/// <summary><c>run --engine</c> and <c>run --dry-run</c>.</summary>
[Collection(SmallImageTests.Name)]
public sealed class EngineTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Podman_starts_the_image_with_the_same_options_and_passes_its_exit_status_on()
    {
        // As podman comes: what the machine needs besides, the program finds out.
        await using var podman = Podman.Create(small.Store.NewProject("engine"), adapted: false);
        const string Questions =
            "echo $A $(pwd) $(id -u) $(hostname) $(ulimit -n); stat -fc %b*%S /dev/shm; touch /x "
            + "2>/dev/null || echo read-only; touch /scratch/x; exit 9";

        var first = await RunAsync(podman, small, "sh", "-c", Questions);
        var second = await RunAsync(podman, small, "true");

        first.Ended(9);
        Assert.Equal("b /tmp 1000 inside 512\n4096*4096\nread-only\n", first.Output);
        second.Succeeded();
        var images = await podman.RunAsync(Cancellation, "images", "--quiet", "--no-trunc");
        Assert.Single(images.Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static Task<ProgramOutput> RunAsync(Podman podman, SmallImage small, params string[] command) =>
        small.RunAsync(
            podman.Environment,
            Cancellation,
            [
                "run",
                "--engine",
                "podman",
                "--rm",
                "--env",
                "A=b",
                "--workdir",
                "/tmp",
                "--hostname",
                "inside",
                "--memory",
                "300m",
                "--shm-size",
                "16m",
                "--pids-limit",
                "100",
                "--ulimit",
                "nofile=512:512",
                "--network",
                "none",
                "--read-only",
                "--tmpfs",
                "/scratch:mode=1777",
                SmallImage.Name,
                .. command,
            ]
        );

    [Fact]
    public async Task A_dry_run_prints_the_docker_line_and_a_configuration_that_the_specification_accepts()
    {
        const string Schema = "/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema/config-schema.json";
        Assert.SkipUnless(File.Exists(Schema), "golang-github-opencontainers-specs-dev is not installed");

        var described = await small.RunAsync(
            new Dictionary<string, string>(),
            Cancellation,
            "run",
            "--dry-run",
            "-it",
            "--rm",
            "--memory",
            "1g",
            "--cpus",
            "1",
            "--read-only",
            "-v",
            ".:/workspace",
            "--ulimit",
            "nofile=512",
            "-e",
            "GREETING=good day",
            "--network",
            "none",
            SmallImage.Name,
            "sh"
        );

        var lines = described.Succeeded().Output.Split('\n', 2);
        Assert.StartsWith(
            "docker run --rm --interactive --tty --read-only --network none --memory 1073741824 --memory-swap 1073741824 --cpus 1 ",
            lines[0],
            StringComparison.Ordinal
        );
        Assert.Contains(" --env 'GREETING=good day' ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(
            $" --mount type=bind,source={small.Project},target=/workspace localhost/torchyard:{small.Digest[7..27]} sh",
            lines[0],
            StringComparison.Ordinal
        );
        using (var configuration = JsonDocument.Parse(lines[1]))
        {
            Assert.True(configuration.RootElement.GetProperty("root").GetProperty("readonly").GetBoolean());
        }

        var file = Path.Combine(small.Store.Root, "config.json");
        await File.WriteAllTextAsync(file, lines[1], Cancellation);
        var valid = await HostProgram.RunAsync(
            "/usr/bin/python3",
            ["-m", "jsonschema", "--instance", file, "--base-uri", "file://" + Path.GetDirectoryName(Schema) + "/", Schema],
            Cancellation
        );
        Assert.True(valid.ExitCode == 0 || valid.Error.Contains("No module named", StringComparison.Ordinal), valid.Transcript);
        Assert.SkipWhen(valid.ExitCode != 0, "python3-jsonschema is not installed");
        Assert.DoesNotContain(
            "small",
            (await small.Store.RunAsync(small.Project, ["ps", "--all"], Cancellation)).Output,
            StringComparison.Ordinal
        );
    }
}
