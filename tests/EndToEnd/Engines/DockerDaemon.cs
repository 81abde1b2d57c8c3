using System.Diagnostics;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Engines;

/// <summary>
/// A docker daemon of the tests' own: storage, socket and containerd are below directories of its, it makes no bridge and no firewall
/// rules, and it ends with these tests however they end. The machine's docker, if it runs one, is not touched.
/// </summary>
public sealed class DockerDaemon : IAsyncLifetime
{
    // Ends the daemon, and with it its containerd, when its standard input is closed, also by the end of this process.
    private const string Keeper = """
        log=$1; shift
        "$@" </dev/null >"$log" 2>&1 &
        daemon=$!
        read -r end
        kill "$daemon"
        wait "$daemon"
        """;

    private readonly TemporaryDirectory _directory = new();
    private string? _obstacle;
    private Process? _keeper;

    /// <summary>Variables that make any docker client use this daemon and no settings of the user's.</summary>
    internal IReadOnlyDictionary<string, string> Environment =>
        new Dictionary<string, string>
        {
            ["DOCKER_HOST"] = "unix://" + Socket,
            ["DOCKER_CONFIG"] = Path.Combine(_directory.Path, "config"),
        };

    /// <summary>Its socket.</summary>
    internal string Socket => Path.Combine(_directory.Path, "docker.sock");

    private string Log => Path.Combine(_directory.Path, "log");

    public async ValueTask InitializeAsync() => await StartAsync([]);

    /// <summary>Starts it, behind the words of another command, such as nsenter.</summary>
    internal async Task StartAsync(IReadOnlyList<string> before)
    {
        var path = (System.Environment.GetEnvironmentVariable("PATH") ?? "") + ":/usr/sbin:/sbin";
        _obstacle =
            !System.Environment.IsPrivilegedProcess ? "a docker daemon needs root"
            : new[] { "docker", "dockerd", "containerd", "runc" }.FirstOrDefault(p =>
                !path.Split(':').Any(d => File.Exists(Path.Combine(d, p)))
            )
                is { } missing
                ? $"{missing} is not installed"
            : null;
        if (_obstacle is not null)
        {
            return;
        }

        _keeper = HostProgram.Start(
            "sh",
            [
                "-c",
                Keeper,
                "keeper",
                Log,
                .. before,
                "dockerd",
                "--data-root",
                Path.Combine(_directory.Path, "data"),
                "--exec-root",
                Path.Combine(_directory.Path, "exec"),
                "--pidfile",
                Path.Combine(_directory.Path, "pid"),
                "--host",
                "unix://" + Socket,
                "--bridge=none",
                "--iptables=false",
                "--ip6tables=false",
            ],
            environment: new Dictionary<string, string> { ["PATH"] = path }
        );
        for (var end = DateTime.UtcNow.AddSeconds(30); (await RunAsync(CancellationToken.None, "version")).ExitCode != 0; )
        {
            var log = File.Exists(Log) ? await File.ReadAllLinesAsync(Log) : [];
            if (DateTime.UtcNow > end || log.Any(line => line.Contains("failed to start", StringComparison.OrdinalIgnoreCase)))
            {
                _obstacle = "dockerd does not start here: " + log.LastOrDefault("it says nothing");
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_keeper is not null)
        {
            if (_obstacle is null)
            {
                var left = await RunAsync(CancellationToken.None, "ps", "--all", "--quiet");
                await RunAsync(
                    CancellationToken.None,
                    ["rm", "--force", "--volumes", .. left.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)]
                );
            }

            _keeper.StandardInput.Close();
            await _keeper.WaitForExitAsync();
            _keeper.Dispose();
        }

        // The network namespace of containers on the host's network stays mounted, as docker leaves it.
        await HostProgram.RunAsync("umount", [Path.Combine(_directory.Path, "exec/netns/default")], CancellationToken.None);
        await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", _directory.Path], CancellationToken.None);
    }

    /// <summary>Skips the test where there can be no daemon.</summary>
    internal void Require() => Assert.SkipWhen(_obstacle is not null, _obstacle ?? "");

    /// <summary>Runs docker's client.</summary>
    internal Task<ProgramOutput> RunAsync(CancellationToken cancellation, params string[] arguments) =>
        HostProgram.RunAsync("docker", arguments, cancellation, environment: Environment, patience: TimeSpan.FromMinutes(5));
}
