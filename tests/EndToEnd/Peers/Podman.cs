using System.Globalization;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Peers;

/// <summary>podman with storage and configuration of its own, so that nothing of the machine's is touched.</summary>
internal sealed class Podman : IAsyncDisposable
{
    private readonly string _program;
    private readonly string _directory;

    private Podman(string program, string directory)
    {
        _program = program;
        _directory = directory;
        Environment = new Dictionary<string, string>
        {
            ["CONTAINERS_CONF"] = Path.Combine(directory, "containers.conf"),
            ["CONTAINERS_STORAGE_CONF"] = Path.Combine(directory, "storage.conf"),
        };
    }

    /// <summary>Variables that make any podman use this configuration.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Prepares podman, or skips the test.</summary>
    /// <param name="directory">New directory for its storage.</param>
    /// <param name="adapted">True: with the runtime and the limits that work on this machine; false: as podman has them itself.</param>
    public static Podman Create(string directory, bool adapted)
    {
        Requires.Root("podman's overlay storage needs root");
        var program = HostProgram.Require("podman");
        HostProgram.Require("runc");
        var files = HardLimit("Max open files");
        var processes = Math.Min(HardLimit("Max processes"), 32768);
        // Inside another container, podman's own choice of limits or runtime may be refused.
        File.WriteAllText(
            Path.Combine(directory, "containers.conf"),
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [containers]
                {(adapted ? $"default_ulimits = [\"nofile={files}:{files}\", \"nproc={processes}:{processes}\"]" : "")}
                [engine]
                {(adapted ? "runtime = \"runc\"" : "")}
                cgroup_manager = "cgroupfs"
                events_logger = "file"
                """
            )
        );
        File.WriteAllText(
            Path.Combine(directory, "storage.conf"),
            $"""
            [storage]
            driver = "overlay"
            graphroot = "{directory}/storage"
            runroot = "{directory}/run"
            """
        );
        return new Podman(program, directory);
    }

    public Task<ProgramOutput> RunAsync(CancellationToken cancellation, params string[] arguments) =>
        HostProgram.RunAsync(_program, arguments, cancellation, environment: Environment, patience: TimeSpan.FromMinutes(5));

    public async ValueTask DisposeAsync()
    {
        await RunAsync(CancellationToken.None, "rm", "--all", "--force", "--time", "0");
        await RunAsync(CancellationToken.None, "rmi", "--all", "--force");
        await RunAsync(CancellationToken.None, "volume", "rm", "--all", "--force");
        await HostProgram.RunAsync("umount", [Path.Combine(_directory, "storage/overlay")], CancellationToken.None);
        await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", _directory], CancellationToken.None);
    }

    private static long HardLimit(string row)
    {
        var words = File.ReadLines("/proc/self/limits")
            .First(line => line.StartsWith(row, StringComparison.Ordinal))[row.Length..]
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words[1] == "unlimited" ? 1 << 20 : Math.Min(long.Parse(words[1], CultureInfo.InvariantCulture), 1 << 20);
    }
}
