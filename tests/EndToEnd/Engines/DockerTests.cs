using System.Text.Json;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Terminals;

namespace Torchyard.EndToEnd.Engines;

/// <summary><c>run --engine docker</c> with a real docker daemon; Debian's is 20.10, which reads neither OCI layouts nor zstd.</summary>
[Collection(SmallImageTests.Name)]
public sealed class DockerTests(SmallImage small, DockerDaemon docker) : IClassFixture<DockerDaemon>
{
    private const string Questions = """
        echo $A $(pwd) $(id -u) $(id -g) $(hostname) $(ls /sys/class/net)
        echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -l) $(stat -fc %b*%S /dev/shm /scratch)
        grep NoNewPrivs /proc/self/status
        touch /x 2>/dev/null || echo read-only
        cp /bin/true /scratch/ && /scratch/true && echo programs run from /scratch
        touch /shared/made && cat /shared/here
        touch /fixed/x 2>/dev/null || echo fixed
        exit 9
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_container_of_docker_is_as_one_of_ours_and_so_is_that_of_the_line_that_a_dry_run_prints()
    {
        docker.Require();
        var shared = small.Store.NewProject("docker shared, with a comma");
        await File.WriteAllTextAsync(Path.Combine(shared, "here"), "from the host\n", Cancellation);
        (await HostProgram.RunAsync("chown", ["-R", "4321:1234", shared], Cancellation)).Succeeded();
        string[] line =
        [
            "--rm",
            "-e",
            "A=b",
            "-w",
            "/tmp",
            "-u",
            "4321:1234",
            "-h",
            "inside",
            "--memory",
            "300m",
            "--cpus",
            "1",
            "--shm-size",
            "16m",
            "--pids-limit",
            "100",
            "--ulimit",
            "nofile=512:600",
            "--network",
            "none",
            "--read-only",
            "--tmpfs",
            "/scratch:mode=1777,size=1m",
            "-v",
            $"{shared}:/shared",
            "-v",
            $"{shared}:/fixed:ro",
            SmallImage.Name,
            "sh",
            "-c",
            Questions,
        ];

        var ours = await RunAsync(["run", .. line]);
        var theirs = await RunAsync(["run", "--engine", "docker", .. line]);
        var printed = (await RunAsync(["run", "--dry-run", .. line])).Succeeded();
        var pasted = await HostProgram.RunAsync(
            "sh",
            ["-c", printed.Output[..printed.Output.IndexOf("\n{", StringComparison.Ordinal)]],
            Cancellation,
            environment: docker.Environment
        );

        Assert.StartsWith("b /tmp 4321 1234 inside lo\n512 600 ", ours.Ended(9).Output, StringComparison.Ordinal);
        Assert.EndsWith(
            "4096*4096 256*4096\nNoNewPrivs:\t1\nread-only\nprograms run from /scratch\nfrom the host\nfixed\n",
            ours.Output,
            StringComparison.Ordinal
        );
        Assert.Equal(ours.Output, theirs.Ended(9).Output);
        Assert.Equal(ours.Output, pasted.Ended(9).Output);
        Assert.Equal(
            "4321:1234\n",
            (await HostProgram.RunAsync("stat", ["-c", "%u:%g", Path.Combine(shared, "made")], Cancellation)).Output
        );
    }

    [Fact]
    public async Task Docker_takes_an_image_with_zstd_layers_once_and_counts_its_limits()
    {
        docker.Require();
        (await RunAsync(["run", "--engine", "docker", "--rm", SmallImage.Name, "true"])).Succeeded();
        var again = await RunAsync(["run", "--engine", "docker", "--rm", SmallImage.Name, "true"]);
        var memory = await RunAsync([
            "run",
            "--engine",
            "docker",
            "--rm",
            "--memory",
            "48m",
            SmallImage.Name,
            "python3",
            "-c",
            "b = b'x' * (512 << 20); print(len(b))",
        ]);
        var started = await RunAsync([
            "run",
            "--engine",
            "docker",
            "-d",
            "--name",
            "limits",
            "--memory",
            "300m",
            "--cpus",
            "1.5",
            "--cpuset-cpus",
            "0",
            "--pids-limit",
            "77",
            "--stop-timeout",
            "3",
            SmallImage.Name,
            "sleep",
            "600",
        ]);
        (await docker.RunAsync(Cancellation, "stop", "limits")).Succeeded();
        var limits = await docker.RunAsync(
            Cancellation,
            "inspect",
            "--format",
            "{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.NanoCpus}} {{.CpusetCpus}} {{.PidsLimit}} {{.NetworkMode}}{{end}} "
                + "{{.State.ExitCode}}",
            "limits"
        );

        Assert.DoesNotContain("Giving the image", again.Succeeded().Error, StringComparison.Ordinal);
        // Its identity is the digest of its configuration, whatever its layers were compressed with on the way.
        var raw = await HostProgram.RunAsync(
            HostProgram.Require("skopeo"),
            ["inspect", "--raw", $"oci:{small.Store.Store}/oci:{SmallImage.Name}:latest"],
            Cancellation
        );
        var configuration = JsonDocument.Parse(raw.Succeeded().Output).RootElement.GetProperty("config").GetProperty("digest").GetString()!;
        var known = await docker.RunAsync(Cancellation, "images", "--quiet", "--no-trunc", "localhost/torchyard:" + small.Digest[7..27]);
        Assert.Equal(configuration + "\n", known.Succeeded().Output);
        memory.Ended(137);
        Assert.Matches("^[0-9a-f]{64}\n$", started.Succeeded().Output);
        Assert.Equal("314572800 314572800 1500000000 0 77 host 143\n", limits.Succeeded().Output);
    }

    [Fact]
    public async Task The_terminal_and_signals_are_the_programs_own()
    {
        docker.Require();
        using (
            var terminal = PseudoTerminal.Start(
                small.Store,
                small.Project,
                31,
                101,
                docker.Environment,
                "run",
                "--engine",
                "docker",
                "-it",
                "--rm",
                SmallImage.Name,
                "bash",
                "--norc",
                "--noediting"
            )
        )
        {
            terminal.Type("until test \"$(stty size)\" = '31 101'; do :; done; echo it has $(stty size)\r");
            await terminal.ShowsAsync("it has 31 101\r\n", Cancellation);
            terminal.Type("exit 7\r");
            Assert.Equal(7, await terminal.EndAsync(Cancellation));
        }

        // Ctrl-C comes to everything on the terminal: the program must get it once, not once from each. SIGQUIT comes behind it and ends
        // the count.
        const string Counts = """
            import signal, sys
            n = 0
            def count(*_):
                global n
                n += 1
                print('interrupted', flush=True)
            signal.signal(signal.SIGINT, count)
            signal.signal(signal.SIGQUIT, lambda *_: sys.exit(40 + n))
            print('up', flush=True)
            while True:
                signal.pause()
            """;
        using var interrupted = PseudoTerminal.Start(
            small.Store,
            small.Project,
            24,
            80,
            docker.Environment,
            "run",
            "--engine",
            "docker",
            "--rm",
            SmallImage.Name,
            "python3",
            "-c",
            Counts
        );
        await interrupted.ShowsAsync("up", Cancellation);
        interrupted.Type("\u0003");
        await interrupted.ShowsAsync("interrupted", Cancellation);
        interrupted.Type("\u001c");
        Assert.Equal(41, await interrupted.EndAsync(Cancellation));
    }

    /// <summary>
    /// The image with the supervisor, set by environment variables (docs/supervisor.md); Jupyter is up in the same test with podman.
    /// </summary>
    [Fact]
    public async Task An_image_with_gzip_layers_comes_up_under_plain_docker_run()
    {
        docker.Require();
        var project = small.Store.NewProject("login");
        await File.WriteAllTextAsync(
            Path.Combine(project, "torchyard.toml"),
            "name = \"login\"\npackages = [\"bash\", \"openssh-server\"]\n[base]\nsuite = \"trixie\"\n"
                + "[services.ssh]\nport = 2222\n[image]\ncompression = \"gzip\"\n",
            Cancellation
        );
        var digest = await small.Store.BuildAsync(project, Cancellation);
        var key = Path.Combine(small.Store.Root, "docker-key");
        (
            await HostProgram.RunAsync(HostProgram.Require("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-f", key], Cancellation)
        ).Succeeded();
        // The first run gives docker the image; from then on docker alone has it.
        (await RunAsync("run", "--engine", "docker", "--rm", "login", "true")).Succeeded();

        (
            await docker.RunAsync(
                Cancellation,
                "run",
                "--detach",
                "--name",
                "peer",
                "--network",
                "host",
                "--volume",
                "state:/var/lib/torchyard",
                "--env",
                "TORCHYARD_SSH_PORT=0",
                "--env",
                "TORCHYARD_AUTHORIZED_KEYS=" + File.ReadAllText(key + ".pub").Trim(),
                $"localhost/torchyard:{digest[7..27]}"
            )
        ).Succeeded();
        var login = await HostProgram.RunAsync(
            HostProgram.Require("ssh"),
            [
                "-F",
                "none",
                "-o",
                "BatchMode=yes",
                "-o",
                "IdentitiesOnly=yes",
                "-o",
                "IdentityAgent=none",
                "-o",
                "StrictHostKeyChecking=accept-new",
                "-o",
                $"UserKnownHostsFile={Path.Combine(small.Store.Root, "docker-hosts")}",
                "-i",
                key,
                "-p",
                await SshPortAsync(),
                "trainer@127.0.0.1",
                "id -un; exit 5",
            ],
            Cancellation,
            patience: TimeSpan.FromMinutes(1)
        );
        (await docker.RunAsync(Cancellation, "stop", "peer")).Succeeded();
        var ended = await docker.RunAsync(Cancellation, "inspect", "--format", "{{.State.ExitCode}}", "peer");

        Assert.Equal("trainer\n", login.Ended(5).Output);
        Assert.Equal("0\n", ended.Output);
    }

    [Fact]
    public async Task A_daemon_that_does_not_answer_or_may_not_be_asked_and_an_unknown_runtime_are_told_with_their_cure()
    {
        docker.Require();
        var away = new Dictionary<string, string>(docker.Environment) { ["DOCKER_HOST"] = "unix:///nowhere/docker.sock" };

        var none = await small.RunAsync(away, Cancellation, "run", "--engine", "docker", "--rm", SmallImage.Name, "true");
        var runtime = await RunAsync(["run", "--engine", "docker", "--runtime", "crun", "--rm", SmallImage.Name, "true"]);
        var image = await RunAsync(["run", "--engine", "docker", "--rm", "unknown", "true"]);

        // As with docker itself, 125 says that the program was never started.
        none.Ended(125).Reported("TY4072: no docker daemon answers").Reported("cure: start it");
        runtime.Ended(125).Reported("TY4074: docker's daemon knows no runtime 'crun', only").Reported("/etc/docker/daemon.json");
        image.Ended(125).Reported("TY3010");
    }

    private Task<ProgramOutput> RunAsync(params string[] arguments) => small.RunAsync(docker.Environment, Cancellation, arguments);

    private async Task<string> SshPortAsync()
    {
        var said = "";
        for (var end = DateTime.UtcNow.AddMinutes(1); DateTime.UtcNow < end; )
        {
            var status = await docker.RunAsync(Cancellation, "exec", "peer", "/usr/lib/torchyard/supervisor", "--status");
            said = status.Transcript;
            if (status.ExitCode == 0 && JsonDocument.Parse(status.Output).RootElement is var root && root.GetProperty("ready").GetBoolean())
            {
                return root.GetProperty("services")
                    .EnumerateArray()
                    .Single(service => service.GetProperty("name").GetString() == "ssh")
                    .GetProperty("port")
                    .ToString();
            }
        }

        Assert.Fail(said);
        return "";
    }
}
