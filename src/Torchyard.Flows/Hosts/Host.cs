using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Runtimes;
using Torchyard.Images.Environments;
using Torchyard.Machine.Files;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Policies;
using Torchyard.Reports.Overview;

namespace Torchyard.Flows.Hosts;

/// <summary>
/// What a flow works with: the store, the caller, whoever watches, and the programs that it starts. Tests put fakes in their place.
/// </summary>
internal sealed class Host
{
    /// <summary>The store.</summary>
    public required StorePaths Store { get; init; }

    /// <summary>Who calls, from where, in which environment.</summary>
    public required Caller Caller { get; init; }

    /// <summary>Long work says how far it is.</summary>
    public required IProgressSink Progress { get; init; }

    /// <summary>The person who called.</summary>
    public required IDialogue Dialogue { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock => Caller.Clock;

    /// <summary>The machine's files.</summary>
    public MachineFiles Files { get; init; } = new();

    /// <summary>This program, which starts itself again in namespaces and inside containers.</summary>
    public SelfProgram Self
    {
        get => field ??= SelfProgram.Current;
        init;
    }

    /// <summary>Gives the OCI runtime; null for that of the machine, else a fetched one.</summary>
    public IOciRuntimeSource? Runtime { get; init; }

    /// <summary>Reads the supervisor that goes into images.</summary>
    public Func<SupervisorProgram> Supervisor { get; init; } = static () => SupervisorProgram.Read(AppContext.BaseDirectory);

    /// <summary>Reads which images this machine may use.</summary>
    public Func<SitePolicy> Policy { get; init; } = static () => SitePolicy.Read();

    /// <summary>Ids of containers whose damaged records were reported already.</summary>
    internal HashSet<string> ReportedContainers { get; } = new(StringComparer.Ordinal);

    /// <summary>The GPUs of this machine.</summary>
    /// <param name="libraries">Directories with cuBLASLt or NCCL that are searched first.</param>
    public GpuMachine Gpus(IReadOnlyList<string>? libraries = null) => new(Files, Caller.Variable, Clock, libraries ?? []);
}
