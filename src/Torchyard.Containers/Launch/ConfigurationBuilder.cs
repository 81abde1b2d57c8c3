using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Native;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;

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

    /// <summary>Path for the runtime's own cgroup, or null when it leaves cgroups alone.</summary>
    public required string? CgroupsPath { get; init; }

    /// <summary>True for cgroup2.</summary>
    public required bool Version2 { get; init; }
}

/// <summary>Turns a request into the OCI configuration of its container.</summary>
internal static class ConfigurationBuilder
{
    internal const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
            Root = new RootConfig("rootfs", request.ReadOnlyRoot),
            Process = new ProcessConfig
            {
                Terminal = request.Terminal,
                User = input.User.ToConfig() with { AdditionalGids = [.. input.User.Groups.Concat(request.Gpus?.AdditionalGids ?? []).Distinct()] },
                Args = Arguments(request),
                Env = Environment(input),
                Cwd = request.WorkingDirectory ?? (request.Image.Config.WorkingDir is { Length: > 0 } directory ? directory : "/"),
                Capabilities = CapabilitiesConfig.Of(capabilities),
                Rlimits = input.ResourceLimits,
                NoNewPrivileges = true,
            },
            Mounts = Mounts(input),
            Linux = new LinuxConfig
            {
                Namespaces = Namespaces(input),
                CgroupsPath = input.CgroupsPath,
                Resources = Resources(input),
                Seccomp = SeccompProfile.Default(capabilities),
                MaskedPaths = RuntimeDefaults.MaskedPaths,
                ReadonlyPaths = RuntimeDefaults.ReadonlyPaths,
                Sysctl = request.Network == NetworkMode.Host
                    ? null
                    : new Dictionary<string, string> { ["net.ipv4.ip_unprivileged_port_start"] = "0" },
            },
        };
    }

    private static string HostName(ConfigurationInput input) =>
        input.Request.Hostname ?? (input.Request.Network == NetworkMode.Host ? input.HostName : input.Name);

    private static string[] Capabilities(ConfigurationInput input)
    {
        if (input.User.Uid != 0)
        {
            return [];
        }

        // Without a device cgroup a node made inside would reach the host's disks; with the host's network, raw packets its neighbours.
        return
        [
            .. RuntimeDefaults.Capabilities.Where(c =>
                (c != "CAP_MKNOD" || input.CgroupsPath is not null) && (c != "CAP_NET_RAW" || input.Request.Network != NetworkMode.Host)),
        ];
    }

    private static List<string> Environment(ConfigurationInput input)
    {
        var result = new List<string>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        string[] first = [DefaultPath, "HOSTNAME=" + HostName(input), "HOME=" + input.User.Home];
        string[] terminal = input.Request.Terminal ? ["TERM=xterm-256color"] : [];
        foreach (var variable in first
                     .Concat(terminal)
                     .Concat(input.Request.Image.Config.Env)
                     .Concat(input.Request.Environment)
                     .Concat(input.Request.Gpus?.Environment ?? []))
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

        var rules = new List<DeviceRule> { new(Allow: false) };
        foreach (var device in input.Request.Gpus?.Devices ?? [])
        {
            if (Libc.Status(device.HostPath) is { } status && (status.IsCharacterDevice || status.IsBlockDevice))
            {
                rules.Add(new DeviceRule(true, status.IsCharacterDevice ? "c" : "b", status.DeviceMajor, status.DeviceMinor));
            }
        }

        // cgroup2: the same limits once more where programs inside look for them. Version 1 would then count an out-of-memory kill
        // only in the cgroup that is gone when the container is.
        return input.Version2
            ? new ResourcesConfig
            {
                Devices = rules,
                Memory = new MemoryResources(input.Limits.Memory, input.Limits.Memory),
                Cpu = new CpuResources((long)(input.Limits.Cpus * 100_000), 100_000, input.Limits.CpusetCpus),
                Pids = new PidsResources(input.Limits.Processes),
            }
            : new ResourcesConfig { Devices = rules };
    }

    private static List<MountConfig> Mounts(ConfigurationInput input)
    {
        var mounts = RuntimeDefaults.BaseMounts(input.Limits.SharedMemory).ToList();
        // A user namespace may mount sysfs only over a network namespace of its own.
        mounts.Add(input.Rootless && input.Request.Network == NetworkMode.Host
            ? new MountConfig { Destination = "/sys", Type = "bind", Source = "/sys", Options = ["rbind", "rprivate", "nosuid", "noexec", "nodev", "ro"] }
            : new MountConfig { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", "ro"] });
        if (input.CgroupsPath is not null)
        {
            mounts.Add(new MountConfig
            {
                Destination = "/sys/fs/cgroup",
                Type = "cgroup",
                Source = "cgroup",
                Options = ["nosuid", "noexec", "nodev", "relatime", "ro"],
            });
        }

        foreach (var file in new[] { "hosts", "hostname", "resolv.conf" })
        {
            mounts.Add(RuntimeDefaults.Bind(Path.Combine(input.Directory.Etc, file), "/etc/" + file, readOnly: false));
        }

        mounts.Add(RuntimeDefaults.Bind(input.Directory.Run, "/run/torchyard", readOnly: false));
        mounts.Add(RuntimeDefaults.Bind(input.Directory.ServiceLogs, "/var/log/torchyard", readOnly: false));
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

        foreach (var device in gpus.Devices)
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

        foreach (var file in gpus.Files)
        {
            yield return new MountConfig
            {
                Destination = file.Path,
                Type = "bind",
                Source = file.HostPath,
                Options = ["rbind", "rprivate", "nosuid", "nodev", "ro", .. file.Options ?? []],
            };
        }

        if (gpus.LinkerCache is { } cache)
        {
            yield return RuntimeDefaults.Bind(cache, "/etc/ld.so.cache", readOnly: true);
        }
    }
}
