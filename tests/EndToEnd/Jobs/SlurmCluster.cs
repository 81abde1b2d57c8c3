using System.Diagnostics;
using System.Globalization;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Jobs;

/// <summary>
/// A Slurm of this machine's packages in a directory of its own: two nodes, which are two daemons on this machine, with GPUs that are
/// devices which every machine has.
/// </summary>
internal sealed class SlurmCluster : IAsyncDisposable
{
    private static readonly string[] Devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random"];
    private readonly TemporaryDirectory _directory;
    private readonly List<Process> _daemons = [];
    private readonly Dictionary<string, Process> _nodes = [];

    private SlurmCluster(TemporaryDirectory directory) => _directory = directory;

    /// <summary>Settings that programs of Slurm need.</summary>
    public string Configuration => Path.Combine(_directory.Path, "etc/slurm.conf");

    /// <summary>Starts one; the test is skipped without Slurm.</summary>
    public static async Task<SlurmCluster> StartAsync(CancellationToken cancellation)
    {
        var munged = Requires.Program("munged");
        var controller = Requires.Program("slurmctld");
        Requires.Program("slurmd");
        var cluster = new SlurmCluster(new TemporaryDirectory());
        try
        {
            await cluster.BeginAsync(munged, controller, cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the daemon of a node, as when the node is lost.</summary>
    public void Lose(string node) => _nodes[node].Kill();

    /// <summary>Starts the daemon of a node.</summary>
    public void StartNode(string node) => _nodes[node] = Begin(Requires.Program("slurmd"), "-D", "-N", node);

    /// <summary>Runs a program of Slurm's.</summary>
    public Task<ProgramOutput> RunAsync(string program, string[] arguments, CancellationToken cancellation) =>
        HostProgram.RunAsync(program, arguments, cancellation, "/", Variables);

    private Dictionary<string, string> Variables => new() { ["SLURM_CONF"] = Configuration };

    private async Task BeginAsync(string munged, string controller, CancellationToken cancellation)
    {
        var root = _directory.Path;
        foreach (var part in (string[])["etc", "run", "log", "state", "spool/gn1", "spool/gn2"])
        {
            Directory.CreateDirectory(Path.Combine(root, part));
        }

        var host = System.Environment.MachineName.Split('.')[0];
        var user = System.Environment.UserName;
        await File.WriteAllTextAsync(
            Configuration,
            $"""
            ClusterName=ty
            SlurmctldHost={host}(127.0.0.1)
            SlurmUser={user}
            SlurmdUser={user}
            AuthType=auth/munge
            AuthInfo=socket={root}/run/munge.socket
            CredType=cred/munge
            SlurmctldPort={LoopbackPort.Free()}
            StateSaveLocation={root}/state
            SlurmdSpoolDir={root}/spool/%n
            SlurmctldPidFile={root}/run/slurmctld.pid
            SlurmdPidFile={root}/run/slurmd.%n.pid
            SlurmctldLogFile={root}/log/slurmctld.log
            SlurmdLogFile={root}/log/slurmd.%n.log
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            JobAcctGatherType=jobacct_gather/none
            AccountingStorageType=accounting_storage/none
            MailProg=/bin/true
            MpiDefault=none
            SwitchType=switch/none
            ReturnToService=2
            SlurmdTimeout=5
            KillWait=10
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            GresTypes=gpu
            SlurmdParameters=config_overrides
            NodeName=gn1 NodeHostname={host} NodeAddr=127.0.0.1 Port={LoopbackPort.Free()} CPUs=8 RealMemory=1000 Gres=gpu:h100:4
            NodeName=gn2 NodeHostname={host} NodeAddr=127.0.0.1 Port={LoopbackPort.Free()} CPUs=8 RealMemory=1000 Gres=gpu:h100:4
            PartitionName=gpu Nodes=gn[1-2] Default=YES MaxTime=60 State=UP

            """,
            cancellation
        );
        await File.WriteAllLinesAsync(
            Path.Combine(root, "etc/gres.conf"),
            Devices.Select(device => $"NodeName=gn[1-2] Name=gpu Type=h100 File={device}"),
            cancellation
        );
        var key = Path.Combine(root, "etc/munge.key");
        await File.WriteAllBytesAsync(key, System.Security.Cryptography.RandomNumberGenerator.GetBytes(128), cancellation);
        File.SetUnixFileMode(key, UnixFileMode.UserRead);
        Begin(
            munged,
            "--foreground",
            "--force",
            $"--key-file={key}",
            $"--socket={root}/run/munge.socket",
            $"--pid-file={root}/run/munged.pid",
            $"--log-file={root}/log/munged.log",
            $"--seed-file={root}/run/munge.seed"
        );
        await Until.TrueAsync(() => Task.FromResult(File.Exists($"{root}/run/munge.socket")), "munged listens", cancellation);
        Begin(controller, "-i", "-D");
        StartNode("gn1");
        StartNode("gn2");
        await Until.TrueAsync(
            async () => (await RunAsync("sinfo", ["-h", "-o", "%T"], cancellation)).Output.Trim() == "idle",
            "both nodes are idle",
            cancellation
        );
    }

    private Process Begin(string program, params string[] arguments)
    {
        var process = HostProgram.Start(program, arguments, "/", Variables);
        // Their logs are files; what they print must not fill a pipe.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _daemons.Add(process);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in _daemons.AsEnumerable().Reverse())
        {
            if (!daemon.HasExited)
            {
                daemon.Kill();
            }

            await daemon.WaitForExitAsync();
            daemon.Dispose();
        }

        foreach (var step in Process.GetProcesses().Where(HasLogHere))
        {
            step.Kill();
        }

        _directory.Dispose();
    }

    // The daemon of a step outlives that of its node, and waits for it: it writes to the node's log.
    private bool HasLogHere(Process process)
    {
        try
        {
            return process.ProcessName.StartsWith("slurmstepd", StringComparison.Ordinal)
                && Directory
                    .EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/fd"))
                    .Any(descriptor =>
                        new FileInfo(descriptor).LinkTarget?.StartsWith(_directory.Path + "/", StringComparison.Ordinal) == true
                    );
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return false;
        }
    }
}
