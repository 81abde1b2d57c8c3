using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Gpus.Injection;
using Torchyard.Images;
using Torchyard.Platform;
using Torchyard.Platform.Text;

namespace Torchyard.Commands;

/// <summary>Options of <c>run</c>, with docker's names and meaning, and how they become a request.</summary>
internal sealed class RunOptions
{
    public Option<string?> Name { get; } = new("--name") { Description = "Name of the container", HelpName = "NAME" };

    public Option<bool> Remove { get; } = new("--rm") { Description = "Remove the container when it ends" };

    public Option<bool> Detach { get; } = new("--detach", "-d") { Description = "Run in the background and print the id" };

    public Option<bool> Interactive { get; } = new("--interactive", "-i") { Description = "Pass standard input on" };

    public Option<bool> Terminal { get; } = new("--tty", "-t") { Description = "Give the program a terminal" };

    public Option<string[]> Volumes { get; } = new("--volume", "-v") { Description = "Mount SOURCE:TARGET[:ro]; a plain name is a volume of the store", HelpName = "MOUNT" };

    public Option<string[]> Mounts { get; } = new("--mount") { Description = "Mount type=bind|volume|tmpfs,source=…,target=…[,readonly]", HelpName = "MOUNT" };

    public Option<string[]> Tmpfs { get; } = new("--tmpfs") { Description = "Mount memory at TARGET[:size=…,mode=…]", HelpName = "TARGET" };

    public Option<string[]> Publish { get; } = new("--publish", "-p") { Description = "Publish [ADDRESS:]HOSTPORT:PORT[/udp]; on loopback unless an address is named", HelpName = "PORT" };

    public Option<string[]> Variables { get; } = new("--env", "-e") { Description = "Set NAME=VALUE, or pass NAME on", HelpName = "NAME=VALUE" };

    public Option<string[]> EnvironmentFiles { get; } = new("--env-file") { Description = "Set what a file of NAME=VALUE lines says", HelpName = "FILE" };

    public Option<string?> Directory { get; } = new("--workdir", "-w") { Description = "Working directory inside", HelpName = "DIR" };

    public Option<string?> User { get; } = new("--user", "-u") { Description = "Run as USER[:GROUP]", HelpName = "USER" };

    public Option<string[]> Groups { get; } = new("--group-add") { Description = "Further groups", HelpName = "GROUP" };

    public Option<string?> Entrypoint { get; } = new("--entrypoint") { Description = "In place of the image's entry point; '' removes it", HelpName = "PROGRAM" };

    public Option<string?> Hostname { get; } = new("--hostname", "-h") { Description = "Host name inside", HelpName = "NAME" };

    public Option<string[]> Labels { get; } = new("--label", "-l") { Description = "Label NAME=VALUE", HelpName = "LABEL" };

    public Option<string?> Memory { get; } = new("--memory", "-m") { Description = "Memory limit, e.g. 8g", HelpName = "SIZE" };

    public Option<string?> Cpus { get; } = new("--cpus") { Description = "CPUs, e.g. 1.5", HelpName = "COUNT" };

    public Option<string?> CpusetCpus { get; } = new("--cpuset-cpus") { Description = "CPU numbers, e.g. 0-3,8", HelpName = "LIST" };

    public Option<string?> SharedMemory { get; } = new("--shm-size") { Description = "Size of /dev/shm (default: half of the memory limit)", HelpName = "SIZE" };

    public Option<long?> Processes { get; } = new("--pids-limit") { Description = "Most processes and threads", HelpName = "COUNT" };

    public Option<string[]> Ulimits { get; } = new("--ulimit") { Description = "Limit NAME=SOFT[:HARD], e.g. memlock=-1", HelpName = "LIMIT" };

    public Option<string?> Network { get; } = new("--network", "--net") { Description = "host (default), private or none; -p alone means private", HelpName = "MODE" };

    public Option<bool> ReadOnly { get; } = new("--read-only") { Description = "The root file system cannot be written" };

    public Option<string?> StopSignal { get; } = new("--stop-signal") { Description = "Signal that asks the program to stop", HelpName = "SIGNAL" };

    public Option<int?> StopTimeout { get; } = new("--stop-timeout") { Description = "Seconds that it has to stop", HelpName = "SECONDS" };

    public Option<string?> Gpus { get; } = new("--gpus") { Description = "GPUs: all, none (default), how many free ones, or a list: 0,1 device=0 GPU-… MIG-…", HelpName = "GPUS" };

    public Option<bool> WaitForGpus { get; } = new("--wait") { Description = "Wait until as many GPUs are free as --gpus asks for" };

    public Option<bool> BestEffort { get; } = new("--best-effort") { Description = "Warn about limits that cannot be enforced instead of failing" };

    /// <summary>The GPUs that the command line means; without the option none.</summary>
    public GpuSelection GpuSelection(Invocation invocation) =>
        invocation.Get(Gpus) is { } text ? Torchyard.Gpus.Injection.GpuSelection.Parse(text) : Torchyard.Gpus.Injection.GpuSelection.None;

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            Detach, Interactive, Terminal, Remove, Name, Volumes, Mounts, Tmpfs, Publish, Network, Variables, EnvironmentFiles, Directory, User,
            Groups, Entrypoint, Hostname, Labels, Memory, Cpus, CpusetCpus, SharedMemory, Processes, Ulimits, ReadOnly, StopSignal, StopTimeout, Gpus, WaitForGpus, BestEffort,
        ];
        foreach (var option in all)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>
    /// The request that the command line means, once its image is found. Everything that the user wrote is read at once, so that a mistake in it is
    /// told before a missing image is.
    /// </summary>
    public Func<StoredImage, RunRequest> Request(Invocation invocation, string imageName, IReadOnlyList<string> command)
    {
        var ports = Values(invocation, Publish).SelectMany(PortMapping.Parse).ToList();
        var entrypoint = invocation.Get(Entrypoint);
        var here = invocation.Caller.WorkingDirectory;
        var network = Mode(invocation.Get(Network), ports.Count > 0);
        var limits = new ContainerLimits
        {
            Memory = Size("--memory", invocation.Get(Memory), smallest: 6L << 20),
            Cpus = CpuCount(invocation.Get(Cpus)),
            CpusetCpus = CpuList(invocation.Get(CpusetCpus)),
            SharedMemory = Size("--shm-size", invocation.Get(SharedMemory), smallest: 4096),
            Processes = invocation.Get(Processes) is { } count
                ? count > 0 ? count : throw Wrong("--pids-limit", count.ToString(CultureInfo.InvariantCulture), "a number from 1 on")
                : null,
        };
        IReadOnlyList<Ulimit> ulimits = [.. Values(invocation, Ulimits).Select(UlimitSyntax.Parse)];
        IReadOnlyList<MountRequest> mounts =
        [
            .. Values(invocation, Volumes).Select(v => MountSyntax.Volume(v, here)),
            .. Values(invocation, Mounts).Select(m => MountSyntax.Mount(m, here)),
            .. Values(invocation, Tmpfs).Select(MountSyntax.Tmpfs),
        ];
        IReadOnlyList<string> environment =
        [
            .. Values(invocation, EnvironmentFiles).SelectMany(f => FileLines(invocation, f)),
            .. Environment(invocation, Values(invocation, Variables)),
        ];
        _ = GpuSelection(invocation);
        return image => new RunRequest
        {
            Image = image,
            ImageName = imageName,
            Name = invocation.Get(Name),
            Command = command.Count > 0 ? command : null,
            Entrypoint = entrypoint is null ? null : entrypoint.Length == 0 ? [] : [entrypoint],
            Environment = environment,
            WorkingDirectory = invocation.Get(Directory),
            User = invocation.Get(User),
            Groups = Values(invocation, Groups),
            Labels = Values(invocation, Labels).Select(l => l.Split('=', 2)).GroupBy(l => l[0]).ToDictionary(g => g.Key, g => g.Last().ElementAtOrDefault(1) ?? ""),
            Mounts = mounts,
            Ports = ports,
            Network = network,
            Limits = limits,
            Ulimits = ulimits,
            Hostname = invocation.Get(Hostname),
            ReadOnlyRoot = invocation.Get(ReadOnly),
            Remove = invocation.Get(Remove),
            Interactive = invocation.Get(Interactive),
            Terminal = invocation.Get(Terminal),
            BestEffort = invocation.Get(BestEffort),
            StopSignal = invocation.Get(StopSignal),
            StopTimeout = TimeSpan.FromSeconds(invocation.Get(StopTimeout) ?? 10),
        };
    }

    /// <summary><c>NAME=VALUE</c> as it is; a bare <c>NAME</c> takes the caller's value and is left out when there is none.</summary>
    public static IReadOnlyList<string> Environment(Invocation invocation, IEnumerable<string> values) =>
    [
        .. values
            .Select(v => v.Contains('=', StringComparison.Ordinal) ? v : invocation.Caller.Variable(v) is { } value ? $"{v}={value}" : "")
            .Where(v => v.Length > 0 && v[0] != '='),
    ];

    private static IReadOnlyList<string> FileLines(Invocation invocation, string file)
    {
        var path = invocation.Caller.FullPath(file);
        try
        {
            return Environment(invocation, File.ReadLines(path).Select(l => l.TrimStart()).Where(l => l.Length > 0 && l[0] != '#'));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TorchyardException("TY4062", $"--env-file {file} cannot be read: {error.Message}", "name a file of NAME=VALUE lines", error) { IsUsage = true };
        }
    }

    private static string[] Values(Invocation invocation, Option<string[]> option) => invocation.Get(option) ?? [];

    private static NetworkMode Mode(string? text, bool hasPorts) => text switch
    {
        "private" or "bridge" => NetworkMode.Private,
        null when hasPorts => NetworkMode.Private,
        "host" or "none" when hasPorts => throw new TorchyardException(
            "TY4035", $"ports cannot be published with --network {text}", "leave --network out, or leave -p out: with the host's network every port is open already")
        {
            IsUsage = true,
        },
        null or "host" => NetworkMode.Host,
        "none" => NetworkMode.None,
        _ => throw Wrong("--network", text, "host, private or none"),
    };

    private static long? Size(string option, string? text, long smallest) =>
        text is null ? null
        : ByteSize.TryParse(text, out var bytes) && bytes >= smallest ? bytes
        : throw Wrong(option, text, $"a size from {ByteSize.Binary(smallest)} on, e.g. 8g");

    private static double? CpuCount(string? text) =>
        text is null ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus) && cpus >= 0.01 && cpus <= System.Environment.ProcessorCount ? cpus
        : throw Wrong("--cpus", text, FormattableString.Invariant($"a number up to {System.Environment.ProcessorCount}, e.g. 1.5"));

    // cpuset(7), "List format", without strides, which only newer kernels read.
    private static string? CpuList(string? text) =>
        text is null || text.Split(',').All(range => range.Split('-') is { Length: 1 or 2 } ends
            && ends.All(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            && int.Parse(ends[0], CultureInfo.InvariantCulture) <= int.Parse(ends[^1], CultureInfo.InvariantCulture))
            ? text
            : throw Wrong("--cpuset-cpus", text, "numbers and ranges, e.g. 0-3,8");

    private static TorchyardException Wrong(string option, string text, string form) =>
        new("TY4063", $"{option} '{text}' cannot be used", $"write {form}") { IsUsage = true };
}
