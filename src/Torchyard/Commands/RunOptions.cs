using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Running;
using Torchyard.Flows.Shipping;

namespace Torchyard.Commands;

/// <summary>Options of <c>run</c>, with docker's names and meaning.</summary>
internal sealed class RunOptions
{
    public Option<string?> Name { get; } = new("--name") { Description = "Name of the container", HelpName = "NAME" };

    public Option<bool> Remove { get; } = new("--rm") { Description = "Remove the container when it ends" };

    public Option<bool> Detach { get; } = new("--detach", "-d") { Description = "Run in the background and print the id" };

    public Option<bool> Interactive { get; } = new("--interactive", "-i") { Description = "Pass standard input on" };

    public Option<bool> Terminal { get; } = new("--tty", "-t") { Description = "Give the program a terminal" };

    public Option<string[]> Volumes { get; } =
        new("--volume", "-v") { Description = "Mount SOURCE:TARGET[:ro]; a plain name is a volume of the store", HelpName = "MOUNT" };

    public Option<string[]> Mounts { get; } =
        new("--mount") { Description = "Mount type=bind|volume|tmpfs,source=…,target=…[,readonly]", HelpName = "MOUNT" };

    public Option<string[]> Tmpfs { get; } = new("--tmpfs") { Description = "Mount memory at TARGET[:size=…,mode=…]", HelpName = "TARGET" };

    public Option<string[]> Publish { get; } =
        new("--publish", "-p")
        {
            Description = "Publish [ADDRESS:]HOSTPORT:PORT[/udp]; on loopback unless an address is named",
            HelpName = "PORT",
        };

    public Option<string[]> Variables { get; } =
        new("--env", "-e") { Description = "Set NAME=VALUE, or pass NAME on", HelpName = "NAME=VALUE" };

    public Option<string[]> EnvironmentFiles { get; } =
        new("--env-file") { Description = "Set what a file of NAME=VALUE lines says", HelpName = "FILE" };

    public Option<string?> Directory { get; } = new("--workdir", "-w") { Description = "Working directory inside", HelpName = "DIR" };

    public Option<string?> User { get; } = new("--user", "-u") { Description = "Run as USER[:GROUP]", HelpName = "USER" };

    public Option<string[]> Groups { get; } = new("--group-add") { Description = "Further groups", HelpName = "GROUP" };

    public Option<string?> Entrypoint { get; } =
        new("--entrypoint") { Description = "In place of the image's entry point; '' removes it", HelpName = "PROGRAM" };

    public Option<string?> Hostname { get; } = new("--hostname", "-h") { Description = "Host name inside", HelpName = "NAME" };

    public Option<string[]> Labels { get; } = new("--label", "-l") { Description = "Label NAME=VALUE", HelpName = "LABEL" };

    public Option<string?> Memory { get; } = new("--memory", "-m") { Description = "Memory limit, e.g. 8g", HelpName = "SIZE" };

    public Option<string?> Cpus { get; } = new("--cpus") { Description = "CPUs, e.g. 1.5", HelpName = "COUNT" };

    public Option<string?> CpusetCpus { get; } = new("--cpuset-cpus") { Description = "CPU numbers, e.g. 0-3,8", HelpName = "LIST" };

    public Option<string?> SharedMemory { get; } =
        new("--shm-size") { Description = "Size of /dev/shm (default: half of the memory limit)", HelpName = "SIZE" };

    public Option<long?> Processes { get; } = new("--pids-limit") { Description = "Most processes and threads", HelpName = "COUNT" };

    public Option<string[]> Ulimits { get; } =
        new("--ulimit") { Description = "Limit NAME=SOFT[:HARD], e.g. memlock=-1", HelpName = "LIMIT" };

    public Option<string?> Network { get; } =
        new("--network", "--net") { Description = "host (default), private or none; -p alone means private", HelpName = "MODE" };

    public Option<string?> Users { get; } =
        new("--userns")
        {
            Description =
                "private (default): users inside are nobody on the machine; host: they are its users of the same number (root only)",
            HelpName = "MODE",
        };

    public Option<bool> ReadOnly { get; } = new("--read-only") { Description = "The root file system cannot be written" };

    public Option<string?> StopSignal { get; } =
        new("--stop-signal") { Description = "Signal that asks the program to stop", HelpName = "SIGNAL" };

    public Option<int?> StopTimeout { get; } = new("--stop-timeout") { Description = "Seconds that it has to stop", HelpName = "SECONDS" };

    public Option<string?> Gpus { get; } =
        new("--gpus")
        {
            Description = "GPUs: all, none (default), how many free ones, or a list: 0,1 device=0 GPU-… MIG-…",
            HelpName = "GPUS",
        };

    public Option<bool> WaitForGpus { get; } = new("--wait") { Description = "Wait until as many GPUs are free as --gpus asks for" };

    public Option<bool> BestEffort { get; } =
        new("--best-effort") { Description = "Warn about limits that cannot be enforced instead of failing" };

    public Option<string?> Pull { get; } =
        new("--pull") { Description = "Fetch the image: missing (default), always or never", HelpName = "WHEN" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        Network.CompletionSources.Add("host", "private", "none");
        Users.CompletionSources.Add("private", "host");
        Gpus.CompletionSources.Add("all", "none");
        Pull.CompletionSources.Add([.. PullOption.Words]);
        Option[] all =
        [
            Detach,
            Interactive,
            Terminal,
            Remove,
            Name,
            Volumes,
            Mounts,
            Tmpfs,
            Publish,
            Network,
            Users,
            Variables,
            EnvironmentFiles,
            Directory,
            User,
            Groups,
            Entrypoint,
            Hostname,
            Labels,
            Memory,
            Cpus,
            CpusetCpus,
            SharedMemory,
            Processes,
            Ulimits,
            ReadOnly,
            StopSignal,
            StopTimeout,
            Gpus,
            WaitForGpus,
            BestEffort,
            Pull,
        ];
        foreach (var option in all)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the user wrote, read once.</summary>
    public RunArguments Read(Invocation invocation, string image, IReadOnlyList<string> command) =>
        new()
        {
            Image = image,
            Command = command,
            Name = invocation.Get(Name),
            Remove = invocation.Get(Remove),
            Detach = invocation.Get(Detach),
            Interactive = invocation.Get(Interactive),
            Terminal = invocation.Get(Terminal),
            Volumes = invocation.Get(Volumes) ?? [],
            Mounts = invocation.Get(Mounts) ?? [],
            Tmpfs = invocation.Get(Tmpfs) ?? [],
            Publish = invocation.Get(Publish) ?? [],
            Variables = invocation.Get(Variables) ?? [],
            EnvironmentFiles = invocation.Get(EnvironmentFiles) ?? [],
            Directory = invocation.Get(Directory),
            User = invocation.Get(User),
            Groups = invocation.Get(Groups) ?? [],
            Entrypoint = invocation.Get(Entrypoint),
            Hostname = invocation.Get(Hostname),
            Labels = invocation.Get(Labels) ?? [],
            Memory = invocation.Get(Memory),
            Cpus = invocation.Get(Cpus),
            CpusetCpus = invocation.Get(CpusetCpus),
            SharedMemory = invocation.Get(SharedMemory),
            Processes = invocation.Get(Processes),
            Ulimits = invocation.Get(Ulimits) ?? [],
            Network = invocation.Get(Network),
            Users = invocation.Get(Users),
            ReadOnly = invocation.Get(ReadOnly),
            StopSignal = invocation.Get(StopSignal),
            StopTimeout = invocation.Get(StopTimeout),
            Gpus = invocation.Get(Gpus),
            WaitForGpus = invocation.Get(WaitForGpus),
            BestEffort = invocation.Get(BestEffort),
            Pull = invocation.Get(Pull),
        };
}
