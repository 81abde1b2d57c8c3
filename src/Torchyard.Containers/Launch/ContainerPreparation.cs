using System.Text.Json;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Machine;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Native;
using Torchyard.Containers.Network;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.Containers.Launch;

/// <summary>Makes the directory of a container: everything that can be decided and refused before a process starts.</summary>
/// <param name="store">The containers.</param>
/// <param name="layers">The image's layers as directories.</param>
/// <param name="runtimes">The runtime.</param>
/// <param name="progress">Gets warnings.</param>
internal sealed class ContainerPreparation(
    ContainerStore store, IMountedLayers layers, IOciRuntimeSource runtimes, IProgressSink progress)
{
    /// <summary>Makes the directory; it is removed again when something is refused.</summary>
    public async Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareAsync(RunRequest request, CancellationToken cancellation)
    {
        var id = ContainerId.New();
        var directory = store.DirectoryOf(id);
        CgroupMoves.Expect();
        var runtime = runtimes.GetAsync(cancellation);
        var mounted = await layers.EnsureAsync(request.Image, progress, cancellation);
        ContainerRecord? record = null;
        Directory.CreateDirectory(directory.Root);
        directory.Write(new ContainerState { Status = ContainerStatus.Created, Monitor = ProcessIdentity.Current });
        try
        {
            using (await store.LockAsync(cancellation))
            {
                record = Describe(request, id, await runtime, await NameAsync(request, id, cancellation), mounted);
                directory.Write(record);
            }

            record = Fill(request, directory, record, mounted);
            return (directory, record);
        }
        catch
        {
            await store.RemoveDirectoryAsync(directory, record, CancellationToken.None);
            throw;
        }
    }

    private ContainerRecord Describe(RunRequest request, string id, OciRuntime runtime, string name, IReadOnlyList<string> mounted)
    {
        var arguments = ConfigurationBuilder.Arguments(request);
        if (arguments.Count == 0)
        {
            throw new TorchyardException("TY4036", "the image names no program to start", "name one: torchyard run IMAGE PROGRAM") { IsUsage = true };
        }

        var rootless = Libc.GetEffectiveUserId() != 0;
        var user = ResolveUser(request, mounted);
        var mapping = rootless ? UserNamespace.CallerMapping(StoreNamespace.CallerInside) : null;
        if (mapping is { Full: false })
        {
            if (mounted.Any(HasFilesOfOthers))
            {
                StoreNamespace.Require(mapping);
            }

            progress.Warn("this user has no subordinate ids (/etc/subuid, /etc/subgid, newuidmap): the program runs as root of its own "
                + "namespace, its files belong to you, and other users inside do not exist; sudo usermod --add-subuids 100000-165535 "
                + "--add-subgids 100000-165535 $USER mends it");
        }

        if (mapping is { Full: true } && user.Uid != StoreNamespace.CallerInside && request.Mounts.Count > 0)
        {
            // The layers' owners fix the mapping, whoever the program runs as.
            progress.Warn($"rootless, only what uid {StoreNamespace.CallerInside} writes on mounts belongs to you; what uid {user.Uid} writes belongs to one of your subordinate ids");
        }

        return new ContainerRecord
        {
            Id = id,
            Name = name,
            ImageName = request.ImageName,
            ImageDigest = request.Image.Manifest.ToString(),
            Created = store.Clock.GetUtcNow().ToUnixTimeSeconds(),
            Command = arguments,
            Labels = request.Labels,
            Runtime = runtime,
            Rootless = rootless,
            CallerInside = StoreNamespace.CallerInside,
            FullMapping = mapping?.Full ?? false,
            Network = request.Network,
            Ports = PortReservation.Choose(request.Ports),
            Limits = EffectiveLimits.From(request.Limits, MachineResources.Detect()),
            NotEnforced = [],
            Remove = request.Remove,
            Terminal = request.Terminal,
            Interactive = request.Interactive,
            StopSignal = StopSignal(request),
            StopTimeout = (int)request.StopTimeout.TotalSeconds,
            Cgroups = new Dictionary<string, string>(),
            RuntimeCgroup = false,
            Mounts = request.Mounts,
            Gpus = request.Gpus?.Gpus ?? [],
        };
    }

    private ContainerRecord Fill(RunRequest request, ContainerDirectory directory, ContainerRecord record, IReadOnlyList<string> mounted)
    {
        foreach (var path in new[] { directory.RootFileSystem, directory.Upper, directory.Work, directory.Etc, directory.Run, directory.ServiceLogs })
        {
            Directory.CreateDirectory(path);
        }

        var user = ResolveUser(request, mounted);
        if (record is { Rootless: true, FullMapping: false })
        {
            user = user with { Uid = 0, Gid = 0, Groups = [] };
        }

        foreach (var own in new[] { directory.Run, directory.ServiceLogs })
        {
            if (!record.Rootless && Libc.ChangeOwner(own, user.Uid, user.Gid) != 0)
            {
                throw new IOException($"cannot give {own} to uid {user.Uid}: {Errno.Text(Errno.Last)}");
            }
        }

        // The programs inside are not the directory's owner on disk when nothing maps them.
        File.SetUnixFileMode(directory.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var layout = CgroupLayout.Detect();
        var cgroup = ContainerCgroup.Create(layout, record.Id, !record.Rootless, [.. File.ReadLines("/proc/self/cgroup")]);
        record = record with { Cgroups = cgroup.Directories, RuntimeCgroup = cgroup.Path is not null };
        directory.Write(record);
        record = record with
        {
            NotEnforced = LimitEnforcement.Check(
                cgroup.Apply(CgroupLimit.For(record.Limits, request.Limits, layout.Mode == CgroupMode.Unified)), request.BestEffort, progress.Warn),
        };
        var hostName = Environment.MachineName;
        var planner = new MountPlanner(store.Paths, progress.Warn);
        var (mounts, idmapped) = planner.Plan(request.Mounts, directory, user, mapToOwner: !record.Rootless);
        var ulimits = ResourceLimits.Choose(
            request.Ulimits,
            ResourceLimits.HardLimits(File.ReadAllText("/proc/self/limits")),
            !record.Rootless && ResourceLimits.MayRaise(File.ReadLines("/proc/self/status")),
            (limit, ceiling) => LimitEnforcement.Refuse(limit, ceiling, request.BestEffort, progress.Warn));
        var configuration = ConfigurationBuilder.Build(new ConfigurationInput
        {
            Request = request,
            Directory = directory,
            Name = record.Name,
            HostName = hostName,
            User = user,
            Limits = record.Limits,
            ResourceLimits = ulimits,
            Mounts = mounts,
            Rootless = record.Rootless,
            CgroupsPath = cgroup.Path,
            Version2 = layout.Mode == CgroupMode.Unified,
        });
        (configuration, var newFilter) = new FilterCache(store.Paths).Add(configuration, record.Runtime);
        record = record with { NewFilter = newFilter };
        File.WriteAllBytes(directory.Config, OciJson.Serialize(configuration));
        EtcFiles.Write(directory, request.Network, configuration.Hostname!, record.Rootless);
        var plan = new NamespacePlan
        {
            Overlay = OverlayPaths.Plan(directory.Links, mounted, directory.Upper, directory.Work, directory.RootFileSystem) with { UserXattr = record.Rootless },
            CgroupCover = ContainerProcess.CommandFor(directory, record).Cover(layout),
            Idmapped = idmapped,
            JoinCgroups = record.RuntimeCgroup ? [] : cgroup.ProcsFiles,
        };
        File.WriteAllBytes(directory.Plan, JsonSerializer.SerializeToUtf8Bytes(plan, NamespaceJson.Default.NamespacePlan));
        directory.Write(record);
        return record;
    }

    /// <summary>True for layers that a namespace with many ids made: with one id alone their owners do not exist, and overlayfs copies none of them up.</summary>
    private static bool HasFilesOfOthers(string layer) =>
        Directory.EnumerateFileSystemEntries(layer).Any(entry => Libc.Status(entry) is { } status && status.Uid != Libc.GetEffectiveUserId());

    private static ContainerUser ResolveUser(RunRequest request, IReadOnlyList<string> mounted) => UserResolver.Resolve(
        request.User ?? request.Image.Config.User,
        request.Groups,
        LayerFile.ReadLines(mounted, "etc", "passwd"),
        LayerFile.ReadLines(mounted, "etc", "group"));

    private async Task<string> NameAsync(RunRequest request, string id, CancellationToken cancellation)
    {
        var used = (await store.ListAsync(cancellation)).Select(c => c.Record.Name).ToHashSet(StringComparer.Ordinal);
        if (request.Name is not { } name)
        {
            var stem = request.ImageName.Split('/')[^1].Split([':', '@'])[0];
            stem = stem.Length > 0 ? stem : "container";
            return Enumerable.Range(4, 12).Select(length => $"{stem}-{id[..length]}").First(n => !used.Contains(n));
        }

        if (name.Length is 0 or > 128 || !char.IsAsciiLetterOrDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'))
        {
            throw new TorchyardException("TY4037", $"'{name}' is no name for a container", "use letters, digits, '_', '.', '-', the first a letter or digit")
            {
                IsUsage = true,
            };
        }

        return used.Contains(name)
            ? throw new TorchyardException("TY4038", $"there is a container '{name}' already", $"torchyard rm {name}, or choose another name")
            : name;
    }

    private static string StopSignal(RunRequest request)
    {
        var signal = request.StopSignal ?? (request.Image.Config.StopSignal is { Length: > 0 } image ? image : "SIGTERM");
        return SignalNumbers.Parse(signal) is not null
            ? signal
            : throw new TorchyardException("TY4039", $"'{signal}' is no signal", "use a name such as SIGTERM, or a number") { IsUsage = true };
    }
}
