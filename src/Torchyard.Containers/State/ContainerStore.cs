using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Namespaces;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.State;

/// <summary>A container and how it is now.</summary>
/// <param name="Record">What it is.</param>
/// <param name="State">How it is; checked against the processes of the machine when it was read.</param>
public sealed record ContainerInfo(ContainerRecord Record, ContainerState State)
{
    /// <summary>True while its first process lives.</summary>
    public bool IsRunning => State.Status == ContainerStatus.Running;

    /// <summary>
    /// What is wrong with its records, or null. What they said is then taken from the copy and from the processes of the machine.
    /// </summary>
    public string? Damage { get; init; }
}

/// <summary>
/// The containers of a store. Every read compares the state files with the processes that are there, and finishes what a killed
/// monitor could not: so the answer is true after kill -9 of any process at any time, and after a reboot.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="clock">Clock.</param>
/// <param name="onDamaged">Told each container with damaged records whenever they are listed; the others are listed all the same.</param>
public sealed class ContainerStore(StorePaths paths, TimeProvider clock, Action<ContainerInfo>? onDamaged = null)
{
    internal const string Removing = ".removing-";

    /// <summary>The store's directories.</summary>
    public StorePaths Paths { get; } = paths;

    /// <summary>Clock.</summary>
    public TimeProvider Clock { get; } = clock;

    /// <summary>All containers, newest first.</summary>
    public async Task<IReadOnlyList<ContainerInfo>> ListAsync(CancellationToken cancellation)
    {
        var result = new List<ContainerInfo>();
        if (!Directory.Exists(Paths.Containers))
        {
            return result;
        }

        foreach (var directory in Directory.EnumerateDirectories(Paths.Containers))
        {
            var name = Path.GetFileName(directory);
            if (new DirectoryInfo(directory).LinkTarget is not null)
            {
                continue; // Nothing that this program made; check names it.
            }

            if (name.StartsWith(Removing, StringComparison.Ordinal))
            {
                ContainerCgroup.RemoveAll(CgroupLayout.Detect(), name[Removing.Length..], new Dictionary<string, string>());
                await DeleteTreeAsync(directory, cancellation);
            }
            else if (ContainerId.IsOne(name) && await ReadAsync(new ContainerDirectory(directory), cancellation) is { } info)
            {
                result.Add(info);
                if (info.Damage is not null)
                {
                    onDamaged?.Invoke(info);
                }
            }
        }

        return [.. result.OrderByDescending(c => c.Record.Created).ThenBy(c => c.Record.Name, StringComparer.Ordinal)];
    }

    /// <summary>The container with a name, an id or an unambiguous start of an id.</summary>
    /// <exception cref="TorchyardException">TY4040: there is none, or several ids start so.</exception>
    public async Task<ContainerInfo> FindAsync(string nameOrId, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        var all = await ListAsync(cancellation);
        if (all.FirstOrDefault(c => c.Record.Name == nameOrId || c.Record.Id == nameOrId) is { } exact)
        {
            return exact;
        }

        var starting = nameOrId.Length < 2 ? [] : all.Where(c => c.Record.Id.StartsWith(nameOrId, StringComparison.Ordinal)).ToList();
        return starting.Count switch
        {
            1 => starting[0],
            0 => throw new TorchyardException("TY4040", $"there is no container '{nameOrId}'", CureOf(nameOrId, all)),
            _ => throw new TorchyardException(
                "TY4040",
                $"{Count.Of(starting.Count, "container id")} start with '{nameOrId}'",
                "give more of the id, or the name"
            ),
        };
    }

    /// <summary>What is said about a name of no container.</summary>
    public static string CureOf(string name, IEnumerable<ContainerInfo> all) =>
        KnownNames.Cure(
            name,
            all.Select(c => c.Record.Name),
            "there are no containers: 'torchyard up' or 'torchyard run' starts one",
            "torchyard ps -a"
        );

    /// <summary>Containers with a label, newest first.</summary>
    public async Task<IReadOnlyList<ContainerInfo>> FindByLabelAsync(string label, string value, CancellationToken cancellation) =>
        [.. (await ListAsync(cancellation)).Where(c => c.Record.Labels.TryGetValue(label, out var found) && found == value)];

    /// <summary>Removes a container that does not run, with everything it wrote outside of mounts and volumes.</summary>
    /// <exception cref="TorchyardException">TY4044: it is running.</exception>
    public async Task RemoveAsync(ContainerInfo container, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(container);
        var directory = DirectoryOf(container.Record.Id);
        if ((await ReadAsync(directory, cancellation))?.IsRunning == true)
        {
            throw new TorchyardException(
                "TY4044",
                $"container {container.Record.Name} is running",
                $"torchyard stop {container.Record.Name}, or torchyard rm --force {container.Record.Name}"
            );
        }

        await RemoveDirectoryAsync(directory, container.Record, cancellation);
    }

    /// <summary>Keeps containers from being made until the result is disposed.</summary>
    public Task<FileLock> HoldAsync(CancellationToken cancellation) => LockAsync(cancellation);

    /// <summary>The files of a container.</summary>
    internal ContainerDirectory DirectoryOf(string id) => new(Path.Combine(Paths.Containers, id));

    /// <summary>Serialises the making and naming of containers.</summary>
    internal Task<FileLock> LockAsync(CancellationToken cancellation) =>
        FileLock.AcquireAsync(Path.Combine(Paths.Containers, ".lock"), exclusive: true, cancellation);

    /// <summary>Gives back what a container that ended had of the machine: cgroups, runtime state, mount points.</summary>
    internal static void Release(ContainerDirectory directory, ContainerRecord record)
    {
        ContainerCgroup.RemoveAll(CgroupLayout.Detect(), record.Id, record.Cgroups);
        // The links to its layers stay: it may be started again.
        if (Directory.Exists(directory.RuntimeState))
        {
            TryDelete(directory.RuntimeState);
        }

        try
        {
            File.Delete(directory.AttachSocket);
        }
        catch (DirectoryNotFoundException)
        {
            // The monitor of a container that removes itself was faster.
        }
    }

    /// <summary>
    /// Removes a container's directory and, with its record, its cgroups; it disappears by rename first, so no half of it is ever seen.
    /// </summary>
    internal async Task RemoveDirectoryAsync(ContainerDirectory directory, ContainerRecord? record, CancellationToken cancellation)
    {
        var hidden = Path.Combine(Paths.Containers, Removing + Path.GetFileName(directory.Root));
        try
        {
            Directory.Move(directory.Root, hidden);
        }
        catch (DirectoryNotFoundException)
        {
            return; // Another command was faster.
        }

        // Both take the kernel its time. The directory itself goes last: as long as it is there, the next command finishes the work.
        var cgroups = record is null
            ? Task.CompletedTask
            : Task.Run(() => ContainerCgroup.RemoveAll(CgroupLayout.Detect(), record.Id, record.Cgroups), CancellationToken.None);
        try
        {
            foreach (var inside in Directory.EnumerateDirectories(hidden))
            {
                TryDelete(inside);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Another command found it and was faster.
        }

        await cgroups;
        await DeleteTreeAsync(hidden, cancellation);
    }

    private async Task<ContainerInfo?> ReadAsync(ContainerDirectory directory, CancellationToken cancellation)
    {
        // The state is the first that is written and the last that is missed: where it is good, it says whether the record must be there.
        var (written, found) = (directory.LoadState(), directory.LoadRecord());
        if (written.Value is { Status: ContainerStatus.Created } making)
        {
            if (making.Monitor?.IsAlive == true)
            {
                return found.Value is { } made ? new ContainerInfo(made, making) : null;
            }

            // Its maker died before the program inside was started, or in the moment before that was written down.
            (making.Init ?? directory.ReadAbandoned(Clock))?.Signal(SignalNumbers.Kill);
            if (making.Restarts == 0)
            {
                await RemoveDirectoryAsync(directory, found.Value, cancellation);
                return null;
            }

            var kept = found.Value ?? directory.LoadCopy().Value ?? Unknown(directory);
            var ended = making with
            {
                Status = ContainerStatus.Exited,
                Init = null,
                Finished = Clock.GetUtcNow().ToUnixTimeMilliseconds(),
                Error = "what started it again was killed before its program ran",
            };
            Release(directory, kept);
            directory.Write(ended);
            return new ContainerInfo(kept, ended) { Damage = DamageOf(found, written) };
        }

        if (written.IsMissing && (IsYoung(directory) || !directory.HasContent))
        {
            if (!IsYoung(directory))
            {
                // Its maker died before it wrote anything.
                await RemoveDirectoryAsync(directory, record: null, cancellation);
            }

            return null;
        }

        var record = found.Value ?? directory.LoadCopy().Value ?? Unknown(directory);
        var state = written.Value ?? ContainerEvidence.StateOf(directory, Clock);
        if (
            written.Value is not null
            && state.Status == ContainerStatus.Running
            && state.Init?.IsAlive != true
            && state.Monitor?.IsAlive != true
        )
        {
            // The state may have been finished between the two looks.
            state = directory.ReadState() ?? state;
            if (state.Status == ContainerStatus.Running)
            {
                state = state with
                {
                    Status = ContainerStatus.Exited,
                    Finished = Clock.GetUtcNow().ToUnixTimeMilliseconds(),
                    Error = "its monitor was killed, so its exit status is not known",
                };
                Release(directory, record);
                directory.Write(state);
            }

            if (record.Remove)
            {
                await RemoveDirectoryAsync(directory, record, cancellation);
                return null;
            }
        }

        if (state.Status == ContainerStatus.Exited && record.Remove && state.Monitor?.IsAlive != true)
        {
            await RemoveDirectoryAsync(directory, record, cancellation);
            return null;
        }

        return new ContainerInfo(record, state) { Damage = DamageOf(found, written) };
    }

    private static string? DamageOf(RecordRead<ContainerRecord> record, RecordRead<ContainerState> state)
    {
        string?[] found =
        [
            record.IsMissing ? "container.json is missing" : record.Damage,
            state.IsMissing ? "state.json is missing" : state.Damage,
        ];
        return found.All(text => text is null) ? null : string.Join("; ", found.OfType<string>());
    }

    /// <summary>A container of which only the id is known: enough to list, stop and remove it.</summary>
    private static ContainerRecord Unknown(ContainerDirectory directory) =>
        new()
        {
            IsKnown = false,
            Id = directory.Id,
            Name = directory.Id[..12],
            ImageName = "<unknown>",
            ImageDigest = "",
            Created = Math.Max(0, new DateTimeOffset(Directory.GetCreationTimeUtc(directory.Root)).ToUnixTimeSeconds()),
            Command = [],
            Labels = new Dictionary<string, string>(),
            Runtime = new Runtimes.OciRuntime(Runtimes.OciRuntimeKind.Crun, []),
            Rootless = UserCalls.EffectiveUser() != 0,
            CallerInside = StoreNamespace.CallerInside,
            FullMapping = false,
            Network = Requests.NetworkMode.Host,
            Ports = [],
            Limits = new EffectiveLimits
            {
                Memory = 0,
                Cpus = 0,
                SharedMemory = 0,
                Processes = 0,
            },
            NotEnforced = [],
            Remove = false,
            Terminal = false,
            Interactive = false,
            StopSignal = "SIGTERM",
            StopTimeout = 10,
            Cgroups = new Dictionary<string, string>(),
            RuntimeCgroup = false,
            Mounts = [],
        };

    /// <summary>A directory without a state is being made this very moment, or was left by a killed maker.</summary>
    private bool IsYoung(ContainerDirectory directory) =>
        Clock.GetUtcNow().UtcDateTime - Directory.GetLastWriteTimeUtc(directory.Root) < TimeSpan.FromSeconds(10);

    private static async Task DeleteTreeAsync(string directory, CancellationToken cancellation)
    {
        if (!TryDelete(directory) && UserCalls.EffectiveUser() != 0)
        {
            await UserNamespace.RemoveTreeAsync(directory, cancellation);
        }
    }

    private static bool TryDelete(string directory)
    {
        try
        {
            ConfinedDirectory.Remove(directory);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
