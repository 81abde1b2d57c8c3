using System.Text.Json;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Network;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Images.Store;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Launch;

/// <summary>Makes the directory of a container: everything that can be decided and refused before a process starts.</summary>
/// <param name="store">The containers.</param>
/// <param name="layers">The image's layers as directories.</param>
/// <param name="runtimes">The runtime.</param>
/// <param name="progress">Gets warnings.</param>
internal sealed class ContainerPreparation(ContainerStore store, IMountedLayers layers, IOciRuntimeSource runtimes, IProgressSink progress)
{
    /// <summary>Makes the directory; it is removed again when something is refused.</summary>
    public async Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareAsync(
        RunRequest request,
        CancellationToken cancellation
    )
    {
        var id = ContainerId.New();
        var directory = store.DirectoryOf(id);
        CgroupMoves.Expect();
        var runtime = runtimes.GetAsync(cancellation);
        var mounted = await layers.EnsureAsync(request.Image, progress, cancellation);
        ContainerRecord? record = null;
        var layout = CgroupLayout.Detect();
        StoreDirectory.Create(store.Paths.Containers, StoreDirectory.OwnerOnly);
        StoreDirectory.Create(directory.Root);
        directory.Write(new ContainerState { Status = ContainerStatus.Created, Monitor = ProcessIdentity.Current });
        try
        {
            using (await store.LockAsync(cancellation))
            {
                var others = await store.ListAsync(cancellation);
                var name = Name(request, id, others);
                var open = new OpenDirectories(store.Paths);
                request = request with
                {
                    Mounts = MountSources.Settle(
                        request,
                        open.Read()
                            .Concat(
                                others.SelectMany(other => other.Record.Mounts).Where(MountSources.IsWritable).Select(mount => mount.Source)
                            ),
                        progress.Note
                    ),
                };
                open.Add(request.Mounts.Where(MountSources.IsWritable).Select(mount => mount.Source));
                record = Describe(request, id, await runtime, name, mounted);
                record = record with { Ids = ChooseIds(request, record, others, ResolveUser(request, mounted), layout) };
                directory.Write(record);
            }

            record = Fill(request, directory, record, mounted, layout);
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
            throw new TorchyardException("TY4036", "the image names no program to start", "name one: torchyard run IMAGE PROGRAM")
            {
                IsUsage = true,
            };
        }

        var rootless = UserCalls.EffectiveUser() != 0;
        var user = ResolveUser(request, mounted);
        var mapping = rootless ? UserNamespace.CallerMapping(StoreNamespace.CallerInside) : null;
        if (mapping is { Full: false })
        {
            if (mounted.Any(HasFilesOfOthers))
            {
                StoreNamespace.Require(mapping);
            }

            progress.Warn(
                "this user has no subordinate ids (/etc/subuid, /etc/subgid, newuidmap): the program runs as root of its own "
                    + "namespace, its files belong to you, and other users inside do not exist; sudo usermod --add-subuids 100000-165535 "
                    + "--add-subgids 100000-165535 $USER fixes it"
            );
        }

        if (mapping is { Full: true } && user.Uid != StoreNamespace.CallerInside && request.Mounts.Count > 0)
        {
            // The layers' owners fix the mapping, whoever the program runs as.
            progress.Warn(
                $"rootless, only what uid {StoreNamespace.CallerInside} writes on mounts belongs to you; what uid {user.Uid} writes "
                    + "belongs to one of your subordinate ids"
            );
        }

        var machine = MachineResources.Detect();
        var limits = EffectiveLimits.From(request.Limits, machine);
        foreach (var excess in limits.Excesses(machine))
        {
            progress.Warn(excess);
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
            Limits = limits,
            AskedLimits = request.Limits,
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
            IdleRelease = request.Gpus is null ? 0 : (long)request.IdleRelease.TotalSeconds,
        };
    }

    /// <summary>
    /// Ids of a user namespace for a container of the machine's root; null when it has to share the machine's, which is said.
    /// </summary>
    private IdMapping? ChooseIds(
        RunRequest request,
        ContainerRecord record,
        IReadOnlyList<ContainerInfo> others,
        ContainerUser user,
        CgroupLayout layout
    )
    {
        if (record.Rootless || StoreNamespace.IsInside || request.UserNamespace == UserNamespaceMode.Host)
        {
            return null;
        }

        var groups = request.Gpus?.Edits.AdditionalGids ?? [];
        var reason = groups.Contains(0u)
            ? "device nodes of the GPUs are for the machine's group root alone"
            : UserNamespaceSupport.Missing(
                store.Paths,
                ContainerProcess
                    .CommandFor(store.DirectoryOf(record.Id), record with { RuntimeCgroup = layout.Mode != CgroupMode.None })
                    .Cover(layout)
            );
        if (reason is null)
        {
            var taken = TakenIds.Read(others.SelectMany(other => other.Record.Ids is { } ids ? ids.Uids.Concat(ids.Gids) : []));
            if (ContainerIds.Choose(record.Id, taken.Contains, [user.Uid], [user.Gid, .. user.Groups], groups) is { } chosen)
            {
                return chosen;
            }

            reason = "every range of ids is taken";
        }

        progress.Warn(
            $"the users inside are the machine's users of the same number ({reason}); other users of this "
                + "machine with such a number can reach the container's "
                + "processes. docs/security.md says what that means; --userns host starts it so without this warning"
        );
        return null;
    }

    private ContainerRecord Fill(
        RunRequest request,
        ContainerDirectory directory,
        ContainerRecord record,
        IReadOnlyList<string> mounted,
        CgroupLayout layout
    )
    {
        foreach (var path in new[] { directory.Upper, directory.Work, directory.Etc, directory.Run, directory.ServiceLogs })
        {
            StoreDirectory.Create(path);
        }

        var stage = record.Ids is null
            ? Path.GetDirectoryName(Directory.CreateDirectory(Path.Combine(directory.Mounts, RootFileSystem.Name)).FullName)!
            : Stage.Ensure();

        var user = ResolveUser(request, mounted);
        if (record is { Rootless: true, FullMapping: false })
        {
            user = user with { Uid = 0, Gid = 0, Groups = [] };
        }

        if (!record.Rootless)
        {
            Give(directory.Run, user.Uid, user.Gid, record.Ids);
            Give(directory.ServiceLogs, user.Uid, user.Gid, record.Ids);
            // The root directory inside is the upper one.
            Give(directory.Upper, 0, 0, record.Ids);
        }

        // The programs inside are not the directory's owner on disk when nothing maps them.
        File.SetUnixFileMode(directory.Root, (UnixFileMode)FileModes.Searchable);
        var cgroup = ContainerCgroup.Create(layout, record.Id, !record.Rootless, [.. File.ReadLines("/proc/self/cgroup")]);
        record = record with { Cgroups = cgroup.Directories, RuntimeCgroup = cgroup.Path is not null };
        directory.Write(record);
        record = record with
        {
            NotEnforced = LimitEnforcement.Check(
                cgroup.Apply(CgroupLimit.For(record.Limits, request.Limits, layout.Mode == CgroupMode.Unified)),
                request.BestEffort,
                progress.Warn
            ),
        };
        var hostName = Environment.MachineName;
        using var planner = new MountPlanner(store.Paths, record.Rootless ? null : new MountIds(user, record.Ids), progress.Warn);
        var mounts = planner.Plan(request.Mounts, directory, user);
        var ulimits = ResourceLimits.Choose(
            request.Ulimits,
            ResourceLimits.HardLimits(File.ReadAllText("/proc/self/limits")),
            !record.Rootless && ResourceLimits.MayRaise(File.ReadLines("/proc/self/status")),
            (limit, ceiling) => LimitEnforcement.Refuse(limit, ceiling, request.BestEffort, progress.Warn)
        );
        var configuration = ConfigurationBuilder.Build(
            new ConfigurationInput
            {
                Request = request,
                Directory = directory,
                Name = record.Name,
                HostName = hostName,
                User = user,
                Limits = record.Limits,
                ResourceLimits = ulimits,
                Mounts = [.. mounts.Select(mount => mount.Mount)],
                Rootless = record.Rootless,
                KeepsGroups = KeptGroups.Decide(request, record.Runtime.Kind, user, record.Rootless, progress.Warn),
                HasTerminalGroup = !record.Rootless || record.FullMapping,
                Ids = record.Ids,
                RootPath = Path.Combine(stage, RootFileSystem.Name),
                CgroupsPath = cgroup.Path,
                Version2 = layout.Mode == CgroupMode.Unified,
            }
        );
        ProgramSize.Require(
            configuration.Process.Args,
            configuration.Process.Env,
            request.Ulimits.LastOrDefault(limit => limit.Name == "stack") is { } stack ? stack.Soft : ResourceLimits.StackOfThisProcess()
        );
        (configuration, var newFilter) = new FilterCache(store.Paths).Add(configuration, record.Runtime);
        record = record with { NewFilter = newFilter };
        EtcFiles.Write(directory, request.Network, configuration.Hostname!, record.Rootless, record.Ids);
        (configuration, var trees, var links) = StagedMounts.Stage(
            configuration,
            stage,
            mounts
                .Where(mount => mount.Ids is not null)
                .ToDictionary(mount => mount.Mount.Destination, mount => mount.Ids!, StringComparer.Ordinal),
            ConfigurationBuilder.DriverFiles(request)
        );
        File.WriteAllBytes(directory.Config, OciJson.Serialize(configuration));
        var plan = new NamespacePlan
        {
            CallerInside = record is { Rootless: true, FullMapping: true } ? record.CallerInside : null,
            Stage = stage,
            Trees = [.. trees, .. record.Ids is { } ids ? RootFileSystem.Trees(directory, mounted, ids) : []],
            Overlay = record.Ids is null
                ? OverlayPaths.Plan(
                    directory.Links,
                    mounted,
                    directory.Upper,
                    directory.Work,
                    Path.Combine(stage, RootFileSystem.Name)
                ) with
                {
                    UserXattr = record.Rootless,
                }
                : RootFileSystem.Overlay(mounted.Count, stage),
            MountPoints = new MountPointPlan
            {
                Configuration = directory.Config,
                Own = ConfigurationBuilder.OwnDestinations(request),
                OwnDirectories = ConfigurationBuilder.OwnDirectories(request),
                Uid = Outside(record.Ids?.Uids, 0),
                Gid = Outside(record.Ids?.Gids, 0),
                NameMountsBelow = record.Ids is not null && record.Runtime.Kind == OciRuntimeKind.Crun,
                Links = links,
            },
            HardLimits = record.Ids is null ? [] : ResourceLimits.ToRaise(ulimits),
            CgroupCover = ContainerProcess.CommandFor(directory, record).Cover(layout),
            JoinCgroups = record.RuntimeCgroup ? [] : cgroup.ProcsFiles,
        };
        File.WriteAllBytes(directory.Plan, JsonSerializer.SerializeToUtf8Bytes(plan, NamespaceJson.Default.NamespacePlan));
        directory.Write(record);
        directory.WriteCopy(record);
        return record;
    }

    /// <summary>
    /// True for layers that a namespace with many ids made: with one id alone their owners do not exist, and overlayfs copies none of them
    /// up.
    /// </summary>
    private static bool HasFilesOfOthers(string layer) =>
        Directory
            .EnumerateFileSystemEntries(layer)
            .Any(entry => StatusCalls.Read(entry) is { } status && status.User != UserCalls.EffectiveUser());

    private static ContainerUser ResolveUser(RunRequest request, IReadOnlyList<string> mounted)
    {
        var accounts = ContainerAccounts.OfImage(mounted);
        return UserResolver.Resolve(request.User ?? request.Image.Config.User, request.Groups, accounts.Users, accounts.Groups);
    }

    private static void Give(string directory, uint uid, uint gid, IdMapping? ids)
    {
        var (user, group) = (Outside(ids?.Uids, uid), Outside(ids?.Gids, gid));
        if (OwnerCalls.Set(directory, user, group) != 0)
        {
            throw new IOException($"cannot give {directory} to uid {user}: {Errno.Text(Errno.Last)}");
        }
    }

    private static uint Outside(IReadOnlyList<IdRange>? ranges, uint inside) =>
        ranges is null ? inside : IdMapping.ToOutside(ranges, inside) ?? throw new InvalidOperationException($"id {inside} is not mapped");

    private static string Name(RunRequest request, string id, IReadOnlyList<ContainerInfo> others)
    {
        var used = others.Select(c => c.Record.Name).ToHashSet(StringComparer.Ordinal);
        if (request.Name is not { } name)
        {
            var stem = request.ImageName.Split('/')[^1].Split([':', '@'])[0];
            stem = stem.Length > 0 ? stem : "container";
            return Enumerable.Range(4, 12).Select(length => $"{stem}-{id[..length]}").First(n => !used.Contains(n));
        }

        if (
            name.Length is 0 or > 128
            || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
        )
        {
            throw new TorchyardException(
                "TY4037",
                $"'{name}' is not a valid container name",
                "use letters, digits, '_', '.', '-', the first a letter or digit"
            )
            {
                IsUsage = true,
            };
        }

        return used.Contains(name)
            ? throw new TorchyardException(
                RunRequest.NameTaken,
                $"there is a container '{name}' already",
                $"torchyard rm {name}, or choose another name"
            )
            : name;
    }

    private static string StopSignal(RunRequest request)
    {
        var signal = request.StopSignal ?? (request.Image.Config.StopSignal is { Length: > 0 } image ? image : "SIGTERM");
        return SignalNumbers.Parse(signal) is not null
            ? signal
            : throw new TorchyardException("TY4039", $"'{signal}' is not a signal", "use a name such as SIGTERM, or a number")
            {
                IsUsage = true,
            };
    }
}
