using System.Globalization;
using Torchyard.Containers.Engines;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Shipping;
using Torchyard.Images.Oci;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Reading;

namespace Torchyard.Flows.Running;

/// <summary>
/// What the arguments of <c>run</c> mean. Everything that the user wrote is read at once, so that a mistake in it is told before a missing
/// image is.
/// </summary>
internal sealed record RunPlan
{
    /// <summary>The request, once the image is found.</summary>
    public required Func<StoredImage, RunRequest> Request { get; init; }

    /// <summary>The GPUs that it gets.</summary>
    public required GpuSelection Gpus { get; init; }

    /// <summary>The engine that starts it; null for none but this program.</summary>
    public ContainerEngine? Engine { get; init; }

    /// <summary>The OCI runtime; null for either.</summary>
    public OciRuntimeKind? Runtime { get; init; }

    /// <summary>When the image is fetched.</summary>
    public PullWhen Pull { get; init; }

    /// <summary>Reads arguments.</summary>
    /// <exception cref="TorchyardException">TY4033, TY4035, TY4062 to TY4067, TY5010: one of them cannot be used.</exception>
    public static RunPlan Of(Host host, RunArguments arguments)
    {
        var ports = arguments.Publish.SelectMany(PortMapping.Parse).ToList();
        var entrypoint = arguments.Entrypoint;
        string Here() => host.Caller.WorkingDirectory;
        var network = Mode(arguments.Network, ports.Count > 0);
        var limits = new ContainerLimits
        {
            Memory = Size("--memory", arguments.Memory, smallest: 6L << 20),
            Cpus = CpuCount(arguments.Cpus),
            CpusetCpus = arguments.CpusetCpus is { } cpus ? CpuNumbers.Require("--cpuset-cpus", cpus) : null,
            SharedMemory = Size("--shm-size", arguments.SharedMemory, smallest: 4096),
            Processes = arguments.Processes is { } count
                ? count > 0
                    ? count
                    : throw Wrong(
                        "--pids-limit",
                        count.ToString(CultureInfo.InvariantCulture),
                        "a number from 1 on, or leave it out: there is always a limit, 32768 if none is named"
                    )
                : null,
        };
        IReadOnlyList<Ulimit> ulimits = [.. arguments.Ulimits.Select(UlimitSyntax.Parse)];
        IReadOnlyList<MountRequest> mounts =
        [
            .. arguments.Volumes.Select(v => MountSyntax.Volume(v, Here, host.Caller.Home)),
            .. arguments.Mounts.Select(m => MountSyntax.Mount(m, Here, host.Caller.Home)),
            .. arguments.Tmpfs.Select(MountSyntax.Tmpfs),
        ];
        IReadOnlyList<string> environment =
        [
            .. arguments.EnvironmentFiles.SelectMany(f => EnvironmentFile.Read(host, f)),
            .. PassedVariables.Of(host.Caller, arguments.Variables),
        ];
        var labels = arguments
            .Labels.Select(EnvironmentSyntax.Label)
            .GroupBy(label => label.Key)
            .ToDictionary(group => group.Key, group => group.Last().Value);
        var directory = ProcessSyntax.Directory(arguments.Directory);
        var user = ProcessSyntax.User(arguments.User);
        var hostName = ProcessSyntax.HostName(arguments.Hostname);
        var users = arguments.Users switch
        {
            null or "private" => UserNamespaceMode.Own,
            "host" => UserNamespaceMode.Host,
            var other => throw Wrong("--userns", other, "private or host"),
        };
        // A project that was up before: its container may have left links.
        IReadOnlyList<string> open = host.Caller.Place.IsThere && File.Exists(Path.Combine(Here(), RecipeReader.FileName)) ? [Here()] : [];
        var stopTimeout = arguments.StopTimeout ?? 10;
        if (stopTimeout < -1)
        {
            throw Wrong(
                "--stop-timeout",
                stopTimeout.ToString(CultureInfo.InvariantCulture),
                "a number of seconds, or -1 to wait as long as it takes"
            );
        }

        var gpus = arguments.Gpus is { } named ? GpuSelection.Parse(named) : GpuSelection.None;
        return new RunPlan
        {
            Gpus = gpus,
            Engine = EngineOf(arguments.Engine),
            Runtime = RuntimeOf(arguments.Runtime),
            Pull = PullOption.Read(arguments.Pull),
            Request = image => new RunRequest
            {
                Image = image,
                ImageName = arguments.Image,
                Name = arguments.Name,
                Command = arguments.Command.Count > 0 ? arguments.Command : null,
                Entrypoint =
                    entrypoint is null ? null
                    : entrypoint.Length == 0 ? []
                    : [entrypoint],
                Environment = environment,
                WorkingDirectory = directory,
                User = user,
                Groups = arguments.Groups,
                Labels = labels,
                Mounts = mounts,
                Ports = ports,
                Network = network,
                UserNamespace = users,
                OpenToContainers = open,
                Limits = limits,
                Ulimits = ulimits,
                Hostname = hostName,
                ReadOnlyRoot = arguments.ReadOnly,
                Remove = arguments.Remove,
                Interactive = arguments.Interactive,
                Terminal = arguments.Terminal,
                BestEffort = arguments.BestEffort,
                StopSignal = arguments.StopSignal,
                StopTimeout = TimeSpan.FromSeconds(stopTimeout),
            },
        };
    }

    private static ContainerEngine? EngineOf(string? text) =>
        text switch
        {
            null => null,
            "podman" => ContainerEngine.Podman,
            "docker" => ContainerEngine.Docker,
            var other => throw new TorchyardException("TY4063", $"--engine '{other}' cannot be used", "write podman or docker")
            {
                IsUsage = true,
            },
        };

    private static OciRuntimeKind? RuntimeOf(string? text) =>
        text switch
        {
            null => null,
            "crun" => OciRuntimeKind.Crun,
            "runc" => OciRuntimeKind.Runc,
            "nvidia" => throw new TorchyardException(
                "TY4063",
                "--runtime 'nvidia' cannot be used",
                "--gpus all passes the GPUs in, without another runtime; --runtime takes crun or runc"
            )
            {
                IsUsage = true,
            },
            var other => throw new TorchyardException("TY4063", $"--runtime '{other}' cannot be used", "write crun or runc")
            {
                IsUsage = true,
            },
        };

    private static NetworkMode Mode(string? text, bool hasPorts) =>
        text switch
        {
            "private" or "bridge" => NetworkMode.Private,
            null when hasPorts => NetworkMode.Private,
            "host" or "none" when hasPorts => throw new TorchyardException(
                "TY4035",
                $"ports cannot be published with --network {text}",
                "leave --network out, or leave -p out: with the host's network every port is open already"
            )
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
        : throw Wrong(
            option,
            text,
            $"a size from {ByteSize.Binary(smallest)} on, e.g. 8g"
                + (text is "0" or "-1" ? ", or leave it out: there is always a limit, by default nearly all that the machine has" : "")
        );

    private static double? CpuCount(string? text) =>
        text is null ? null
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus)
        && cpus >= 0.01
        && cpus <= Environment.ProcessorCount
            ? cpus
        : throw Wrong(
            "--cpus",
            text,
            string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"a number from 0.01 to {Environment.ProcessorCount}, e.g. "
                    + $"1.5{(text is "0" or "-1" ? ", or leave it out for nearly all that the machine has" : "")}"
            )
        );

    private static TorchyardException Wrong(string option, string text, string form) =>
        new("TY4063", $"{option} '{text}' cannot be used", $"write {form}") { IsUsage = true };
}
