using System.Diagnostics;
using System.Globalization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Flows.Projects;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Digests;

namespace Torchyard.Flows.Tests.Starting;

/// <summary>The records of a running container of a project, whose program is a sleep of this machine.</summary>
internal sealed class RunningEnvironment : IDisposable
{
    private readonly Process _program = Process.Start("sleep", "600");

    public RunningEnvironment(
        TestHost test,
        IReadOnlyDictionary<string, string> labels,
        IReadOnlyList<MountRequest> mounts,
        IReadOnlyList<GrantedGpu>? gpus = null,
        long idleRelease = 0
    )
    {
        var directory = new ContainerDirectory(Path.Combine(test.Host.Store.Containers, ContainerId.New()));
        Directory.CreateDirectory(directory.Upper);
        File.WriteAllText(directory.PidFile, _program.Id.ToString(CultureInfo.InvariantCulture) + "\n");
        directory.Write(
            new ContainerState
            {
                Status = ContainerStatus.Running,
                Init = ProcessIdentity.Of(_program.Id),
                Started = 1,
            }
        );
        Record = new ContainerRecord
        {
            Id = directory.Id,
            Name = "work",
            ImageName = "work:latest",
            ImageDigest = Digest.Of("image"u8).ToString(),
            Created = 1_700_000_000,
            Command = ["sleep", "600"],
            Labels = new Dictionary<string, string>(labels)
            {
                [ContainerLabels.Project] = Project.Of(test.Project, test.Host.Store).Directory,
            },
            Runtime = new OciRuntime(OciRuntimeKind.Crun, ["/usr/bin/crun"]),
            Rootless = false,
            CallerInside = 1000,
            FullMapping = false,
            Network = NetworkMode.Host,
            Ports = [],
            Limits = new EffectiveLimits
            {
                Memory = 1 << 30,
                Cpus = 2,
                SharedMemory = 1 << 29,
                Processes = 100,
            },
            AskedLimits = new ContainerLimits(),
            NotEnforced = [],
            Remove = false,
            Terminal = false,
            Interactive = false,
            StopSignal = "SIGTERM",
            StopTimeout = 10,
            Cgroups = new Dictionary<string, string>(),
            RuntimeCgroup = false,
            Mounts = mounts,
            Gpus = gpus ?? [],
            IdleRelease = idleRelease,
        };
        directory.Write(Record);
        directory.WriteCopy(Record);
    }

    public ContainerRecord Record { get; }

    /// <summary>Ends it as its monitor does when its GPUs were idle.</summary>
    public void GiveBack(TestHost test, string why)
    {
        var directory = new ContainerDirectory(Path.Combine(test.Host.Store.Containers, Record.Id));
        directory.Write(directory.ReadState()! with { Status = ContainerStatus.Exited, Finished = 2, ExitCode = 0, Stopped = why });
    }

    public void Dispose()
    {
        _program.Kill();
        _program.WaitForExit();
        _program.Dispose();
    }
}
