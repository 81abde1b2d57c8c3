using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Machine;
using Torchyard.Containers.Namespaces;
using Torchyard.Platform;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.State;

/// <summary>A container and how it is now.</summary>
/// <param name="Record">What it is.</param>
/// <param name="State">How it is; checked against the processes of the machine when it was read.</param>
public sealed record ContainerInfo(ContainerRecord Record, ContainerState State)
{
    /// <summary>True while its first process lives.</summary>
    public bool IsRunning => State.Status == ContainerStatus.Running;
}

/// <summary>
/// The containers of a store. Every read compares the state files with the processes that are there, and finishes what a killed
/// monitor could not: so the answer is true after kill -9 of any process at any time, and after a reboot.
/// </summary>
/// <param name="paths">The store.</param>
/// <param name="clock">Clock.</param>
public sealed class ContainerStore(StorePaths paths, TimeProvider clock)
{
    private const string Removing = ".removing-";

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
            if (name.StartsWith(Removing, StringComparison.Ordinal))
            {
                ContainerCgroup.RemoveAll(CgroupLayout.Detect(), name[Removing.Length..], new Dictionary<string, string>());
                await DeleteTreeAsync(directory, cancellation);
            }
            else if (await ReadAsync(new ContainerDirectory(directory), cancellation) is { } info)
            {
                result.Add(info);
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
            0 => throw new TorchyardException("TY4040", $"there is no container '{nameOrId}'", "torchyard ps -a lists all containers"),
            _ => throw new TorchyardException("TY4040", $"{starting.Count} container ids start with '{nameOrId}'", "give more of the id, or the name"),
        };
    }

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
                $"torchyard stop {container.Record.Name}, or torchyard rm --force {container.Record.Name}");
        }

        await RemoveDirectoryAsync(directory, container.Record, cancellation);
    }

    /// <summary>The files of a container.</summary>
    internal ContainerDirectory DirectoryOf(string id) => new(Path.Combine(Paths.Containers, id));

    /// <summary>Serialises the making and naming of containers.</summary>
    internal Task<FileLock> LockAsync(CancellationToken cancellation) =>
        FileLock.AcquireAsync(Path.Combine(Paths.Containers, ".lock"), exclusive: true, cancellation);

    /// <summary>Gives back what a container that ended had of the machine: cgroups, runtime state, mount points.</summary>
    internal static void Release(ContainerDirectory directory, ContainerRecord record)
    {
        ContainerCgroup.RemoveAll(CgroupLayout.Detect(), record.Id, record.Cgroups);
        foreach (var leftover in new[] { directory.RuntimeState, directory.Links })
        {
            if (Directory.Exists(leftover))
            {
                TryDelete(leftover);
            }
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

    /// <summary>Removes a container's directory and, with its record, its cgroups; it disappears by rename first, so no half of it is ever seen.</summary>
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
        var cgroups = record is null ? Task.CompletedTask : Task.Run(() => ContainerCgroup.RemoveAll(CgroupLayout.Detect(), record.Id, record.Cgroups), CancellationToken.None);
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
        var record = directory.ReadRecord();
        var state = directory.ReadState();
        if (state is null || record is null || state.Status == ContainerStatus.Created)
        {
            if (state?.Monitor?.IsAlive == true || (state is null && IsYoung(directory)))
            {
                return record is null || state is null ? null : new ContainerInfo(record, state);
            }

            // Its maker died before the program inside was started, or in the moment before that was written down.
            if (Directory.Exists(directory.Root))
            {
                (state?.Init ?? directory.ReadAbandoned(Clock))?.Signal(SignalNumbers.Kill);
                await RemoveDirectoryAsync(directory, record, cancellation);
            }

            return null;
        }

        if (state.Status == ContainerStatus.Running && state.Init?.IsAlive != true && state.Monitor?.IsAlive != true)
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

        return new ContainerInfo(record, state);
    }

    /// <summary>A directory without a state is being made this very moment, or was left by a killed maker.</summary>
    private bool IsYoung(ContainerDirectory directory) =>
        Clock.GetUtcNow().UtcDateTime - Directory.GetLastWriteTimeUtc(directory.Root) < TimeSpan.FromSeconds(10);

    private static async Task DeleteTreeAsync(string directory, CancellationToken cancellation)
    {
        if (!TryDelete(directory) && Native.Libc.GetEffectiveUserId() != 0)
        {
            await UserNamespace.RemoveTreeAsync(directory, cancellation);
        }
    }

    private static bool TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
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
