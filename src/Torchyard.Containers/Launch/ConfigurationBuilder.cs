using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Launch;

/// <summary>All that decides an OCI configuration, already looked up.</summary>
internal sealed record ConfigurationInput
{
    public required RunRequest Request { get; init; }

    public required ContainerDirectory Directory { get; init; }

    public required string Name { get; init; }

    public required string HostName { get; init; }

    public required ContainerUser User { get; init; }

    public required EffectiveLimits Limits { get; init; }

    public required IReadOnlyList<ResourceLimit> ResourceLimits { get; init; }

    /// <summary>Mounts with sources that exist.</summary>
    public required IReadOnlyList<MountConfig> Mounts { get; init; }

    public required bool Rootless { get; init; }

    /// <summary>False where only the caller's own ids are mapped, so that group <c>tty</c> does not exist.</summary>
    public bool HasTerminalGroup { get; init; } = true;

    /// <summary>The caller's own groups are kept in place of the user's.</summary>
    public bool KeepsGroups { get; init; }

    /// <summary>Ids of its own user namespace, or null.</summary>
    public required IdMapping? Ids { get; init; }

    /// <summary>Where the root file system will be mounted.</summary>
    public required string RootPath { get; init; }

    /// <summary>Path for the runtime's own cgroup, or null when it leaves cgroups alone.</summary>
    public required string? CgroupsPath { get; init; }

    /// <summary>True for cgroup2.</summary>
    public required bool Version2 { get; init; }
}

/// <summary>Turns a request into the OCI configuration of its container.</summary>
internal static class ConfigurationBuilder
{
    internal const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private const string RunDirectory = "/run/torchyard";

    /// <summary>Files of Torchyard's own that cover the image's.</summary>
    private static IReadOnlyList<string> OwnFiles { get; } = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

    /// <summary>Where Torchyard mounts something of its own: no link of an image decides where that goes.</summary>
    /// <param name="request">The request, whose own mounts win.</param>
    public static IReadOnlyList<string> OwnDestinations(RunRequest request) =>
        [
            .. OwnFiles,
            .. OwnDirectories(request),
            .. Gpus(request.Gpus).Select(mount => mount.Destination).Except(request.Mounts.Select(mount => mount.Target)),
        ];

    /// <summary>Where files of the driver are mounted; the request's own mounts win.</summary>
    /// <param name="request">The request.</param>
    public static IReadOnlyCollection<string> DriverFiles(RunRequest request) =>
        request.Gpus is { } gpus
            ?
            [
                .. gpus
                    .Edits.Mounts.Select(file => file.Path)
                    .Except(request.Mounts.Select(mount => mount.Target))
                    .ToHashSet(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>Directories in which nothing of an image is needed.</summary>
    public static IReadOnlyList<string> OwnDirectories(RunRequest request) =>
        [RunDirectory, EnvironmentPlaces.Logs, .. request.Gpus?.OwnDirectory is { } driver ? (string[])[driver] : []];

    /// <summary>Program and arguments: entry point and command of the request, else of the image (image-spec, conversion.md).</summary>
    public static IReadOnlyList<string> Arguments(RunRequest request)
    {
        var entrypoint = request.Entrypoint ?? request.Image.Config.Entrypoint;
        // A new entry point does not get the image's arguments for the old one.
        var command = request.Command ?? (request.Entrypoint is null ? request.Image.Config.Cmd : []);
        return [.. entrypoint, .. command];
    }

    public static RuntimeConfig Build(ConfigurationInput input)
    {
        var request = input.Request;
        var capabilities = Capabilities(input);
        return new RuntimeConfig
        {
            Hostname = HostName(input),
            Root = new RootConfig(input.RootPath, request.ReadOnlyRoot),
            Process = new ProcessConfig
            {
                Terminal = request.Terminal,
                User = input.User.ToConfig() with
                {
                    AdditionalGids = [.. input.User.Groups.Concat(request.Gpus?.Edits.AdditionalGids ?? []).Distinct()],
                },
                Args = Arguments(request),
                Env = Environment(input),
                Cwd = request.WorkingDirectory ?? (request.Image.Config.WorkingDir is { Length: > 0 } directory ? directory : "/"),
                Capabilities = CapabilitiesConfig.Of(capabilities),
                Rlimits = input.ResourceLimits,
                NoNewPrivileges = true,
            },
            Mounts = Mounts(input),
            Annotations = input.KeepsGroups ? new Dictionary<string, string> { [KeptGroups.Annotation] = "1" } : null,
            Linux = new LinuxConfig
            {
                Namespaces = Namespaces(input),
                UidMappings = input.Ids?.Uids.Select(row => new IdMappingConfig(row.Inside, row.Outside, row.Count)).ToList(),
                GidMappings = input.Ids?.Gids.Select(row => new IdMappingConfig(row.Inside, row.Outside, row.Count)).ToList(),
                CgroupsPath = input.CgroupsPath,
                Resources = Resources(input),
                Seccomp = SeccompProfile.Default(capabilities, setIdBits: !WritesToMachine(request.Mounts)),
                MaskedPaths = RuntimeDefaults.MaskedPaths,
                ReadonlyPaths = RuntimeDefaults.ReadonlyPaths,
                Sysctl =
                    request.Network == NetworkMode.Host
                        ? null
                        : new Dictionary<string, string> { ["net.ipv4.ip_unprivileged_port_start"] = "0" },
            },
        };
    }

    private static string HostName(ConfigurationInput input) =>
        input.Request.Hostname ?? (input.Request.Network == NetworkMode.Host ? input.HostName : input.Name);

    private static IReadOnlyList<string> Capabilities(ConfigurationInput input) =>
        input.User.Uid != 0 ? [] : RootCapabilities(input.Request.Network, input.Request.Mounts);

    /// <summary>
    /// Capabilities of a root program inside: never raw packets on the network of the machine, and never capabilities of files where a
    /// directory of the machine can be written. A mount shows its owner as the container's user, so the kernel would store them as ones
    /// that count outside.
    /// </summary>
    /// <param name="network">The container's network.</param>
    /// <param name="mounts">The container's mounts.</param>
    public static IReadOnlyList<string> RootCapabilities(NetworkMode network, IReadOnlyList<MountRequest> mounts) =>
        [
            .. RuntimeDefaults.Capabilities.Where(capability =>
                (capability != "CAP_NET_RAW" || network != NetworkMode.Host) && (capability != "CAP_SETFCAP" || !WritesToMachine(mounts))
            ),
        ];

    private static bool WritesToMachine(IReadOnlyList<MountRequest> mounts) => mounts.Any(MountSources.IsWritable);

    private static List<string> Environment(ConfigurationInput input)
    {
        var result = new List<string>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        string[] first = [DefaultPath, "HOSTNAME=" + HostName(input), "HOME=" + input.User.Home];
        string[] terminal = input.Request.Terminal ? ["TERM=xterm-256color"] : [];
        foreach (
            var variable in first
                .Concat(terminal)
                .Concat(input.Request.Image.Config.Env)
                .Concat(input.Request.Environment)
                .Concat(input.Request.Gpus?.Edits.Environment ?? [])
        )
        {
            var name = variable.Split('=', 2)[0];
            if (places.TryGetValue(name, out var place))
            {
                result[place] = variable;
            }
            else
            {
                places[name] = result.Count;
                result.Add(variable);
            }
        }

        // Last, so that nothing of the image is covered.
        if (input.Request.Gpus?.ProgramDirectory is { } programs && !result[places["PATH"]].Split('=', 2)[1].Split(':').Contains(programs))
        {
            result[places["PATH"]] = result[places["PATH"]].TrimEnd(':') + ":" + programs;
        }

        return result;
    }

    private static List<NamespaceConfig> Namespaces(ConfigurationInput input)
    {
        List<NamespaceConfig> result = [new("pid"), new("mount"), new("ipc"), new("uts")];
        if (input.Request.Network != NetworkMode.Host)
        {
            result.Add(new NamespaceConfig("network"));
        }

        if (input.Ids is not null)
        {
            result.Add(new NamespaceConfig("user"));
        }

        if (input.CgroupsPath is not null)
        {
            result.Add(new NamespaceConfig("cgroup"));
        }

        return result;
    }

    private static ResourcesConfig? Resources(ConfigurationInput input)
    {
        if (input.CgroupsPath is null)
        {
            return null;
        }

        var rules = new List<DeviceRule> { new() { Allow = false } };
        // Without its rule a node would be there and refuse to be opened.
        rules.AddRange(
            (input.Request.Gpus?.Edits.Devices ?? []).Select(device => new DeviceRule
            {
                Allow = true,
                Type = "c",
                Major = device.Major,
                Minor = device.Minor,
            })
        );

        // The same limits once more, where programs inside look for them: JVM, dask, ray and nproc's kind read their own cgroup.
        return new ResourcesConfig
        {
            Devices = rules,
            // Version 1 counts swap only where the kernel was started with swapaccount=1.
            Memory = new MemoryResources(input.Limits.Memory, input.Version2 ? input.Limits.Memory : null),
            Cpu = new CpuResources((long)(input.Limits.Cpus * 100_000), 100_000, input.Limits.CpusetCpus),
            Pids = new PidsResources(input.Limits.Processes),
        };
    }

    private static List<MountConfig> Mounts(ConfigurationInput input)
    {
        var mounts = RuntimeDefaults.BaseMounts(input.Limits.SharedMemory, input.HasTerminalGroup).ToList();
        // A user namespace may mount sysfs only over a network namespace of its own.
        mounts.Add(
            (input.Rootless || input.Ids is not null) && input.Request.Network == NetworkMode.Host
                ? new MountConfig
                {
                    Destination = "/sys",
                    Type = "bind",
                    Source = "/sys",
                    Options = ["rbind", "rprivate", "nosuid", "noexec", "nodev", "ro"],
                }
                : new MountConfig
                {
                    Destination = "/sys",
                    Type = "sysfs",
                    Source = "sysfs",
                    Options = ["nosuid", "noexec", "nodev", "ro"],
                }
        );
        if (input.CgroupsPath is not null)
        {
            mounts.Add(
                new MountConfig
                {
                    Destination = "/sys/fs/cgroup",
                    Type = "cgroup",
                    Source = "cgroup",
                    Options = ["nosuid", "noexec", "nodev", "relatime", "ro"],
                }
            );
        }

        mounts.AddRange(
            OwnFiles.Select(file => RuntimeDefaults.Bind(Path.Combine(input.Directory.Etc, Path.GetFileName(file)), file, readOnly: false))
        );

        mounts.Add(RuntimeDefaults.Bind(input.Directory.Run, RunDirectory, readOnly: false));
        mounts.Add(RuntimeDefaults.Bind(input.Directory.ServiceLogs, EnvironmentPlaces.Logs, readOnly: false));
        mounts.AddRange(Gpus(input.Request.Gpus));
        // The user's mounts win over the defaults; parents are mounted before what lies below them.
        var targets = input.Mounts.Select(m => m.Destination).ToHashSet(StringComparer.Ordinal);
        mounts.RemoveAll(m => targets.Contains(m.Destination));
        mounts.AddRange(input.Mounts.OrderBy(m => m.Destination.Count(c => c == '/')));
        return mounts;
    }

    private static IEnumerable<MountConfig> Gpus(GpuInjection? gpus)
    {
        if (gpus is null)
        {
            yield break;
        }

        foreach (var device in gpus.Edits.Devices)
        {
            // A bind mount works as root and rootless alike; only the machine's root could make a node.
            yield return new MountConfig
            {
                Destination = device.Path,
                Type = "bind",
                Source = device.HostPath,
                Options = ["bind", "rprivate", "nosuid", "noexec"],
            };
        }

        foreach (var file in gpus.Edits.Mounts)
        {
            yield return new MountConfig
            {
                Destination = file.Path,
                Type = "bind",
                Source = file.HostPath,
                // Sockets must be writable, or connecting to them fails.
                Options = ["rbind", "rprivate", "nosuid", "nodev", .. file.IsSocket ? (string[])["noexec", "rw"] : ["ro"]],
            };
        }

        if (gpus.LinkerCache is { } cache)
        {
            yield return RuntimeDefaults.Bind(cache, "/etc/ld.so.cache", readOnly: true);
        }
    }
}
