using System.Text.Json;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Network;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Starting;

/// <summary>
/// Starts a container again that has ended: with what it wrote, and as it was made, since its configuration is kept. What ended with it, or
/// is the machine's, is made anew: cgroups and limits, names of hosts, the port relays.
/// </summary>
/// <param name="store">Where it is kept.</param>
/// <param name="self">This program, which also is the monitor.</param>
/// <param name="progress">Gets warnings, such as a default limit that is not enforced.</param>
public sealed class ContainerRestart(ContainerStore store, SelfProgram self, IProgressSink progress)
{
    /// <summary>Starts it in the background and returns when its program runs.</summary>
    /// <exception cref="TorchyardException">TY4080: its record is lost; TY4098: it runs, or goes when it ends; TY40xx: it could not
    /// start, and is there as it was.</exception>
    public async Task<ContainerSession> StartAsync(ContainerInfo container, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(container);
        var (directory, record) = await PrepareAsync(container, cancellation);
        await new MonitoredStart(store, self, progress).WatchAsync(directory, record, cancellation);
        return new ContainerSession(store, record, self);
    }

    /// <summary>Starts it with the caller's standard streams; see <see cref="StartAsync"/>.</summary>
    /// <returns>The program's exit status; 0 when the user detached.</returns>
    public async Task<int> RunAsync(ContainerInfo container, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(container);
        CallerTerminal.Require(container.Record.Interactive, container.Record.Terminal);
        using var signals = new SignalForwarding();
        var (directory, record) = await PrepareAsync(container, cancellation);
        return await new MonitoredStart(store, self, progress).RunAttachedAsync(directory, record, signals, cancellation);
    }

    /// <summary>Refuses a container that could not be started again once it has ended.</summary>
    /// <exception cref="TorchyardException">TY4080, TY4098.</exception>
    public static void Require(ContainerRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (!record.IsKnown)
        {
            throw new TorchyardException(
                "TY4080",
                $"the record of container {record.Name} is lost, so it cannot be started again",
                $"torchyard logs {record.Name} shows what it printed; torchyard rm {record.Name} removes it"
            );
        }

        if (record.Remove)
        {
            throw new TorchyardException(
                "TY4098",
                $"container {record.Name} was started with --rm and is removed when it ends, so it cannot be started again",
                "start it anew with 'torchyard run', or 'torchyard up'"
            );
        }
    }

    private async Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareAsync(
        ContainerInfo container,
        CancellationToken cancellation
    )
    {
        Require(container.Record);
        var directory = store.DirectoryOf(container.Record.Id);
        // A copy out of it, or into it, is let end first: two overlays must not have one upper directory.
        using var alone = await FileLock.AcquireAsync(directory.Lock, exclusive: true, cancellation);
        ContainerState before;
        using (await store.LockAsync(cancellation))
        {
            before = directory.ReadState() is { Status: ContainerStatus.Exited } ended
                ? ended
                : throw new TorchyardException(
                    "TY4098",
                    $"container {container.Record.Name} is running",
                    $"'torchyard restart {container.Record.Name}' stops it first"
                );
            directory.Write(
                new ContainerState
                {
                    Status = ContainerStatus.Created,
                    Monitor = ProcessIdentity.Current,
                    Restarts = before.Restarts + 1,
                }
            );
        }

        try
        {
            if (Directory.Exists(directory.RuntimeState))
            {
                // What the runtime of an ordinary user has left belongs to another of the user's ids, and it would find itself there.
                await UserNamespace.RemoveTreeAsync(directory.RuntimeState, cancellation);
            }

            return (directory, Fill(directory, container.Record));
        }
        catch
        {
            ContainerStore.Release(directory, directory.LoadRecord().Value ?? container.Record);
            directory.Write(before);
            throw;
        }
    }

    private ContainerRecord Fill(ContainerDirectory directory, ContainerRecord record)
    {
        _ = PortReservation.Choose(record.Ports);
        if (record.Ids is not null)
        {
            Stage.Ensure();
        }

        var layout = CgroupLayout.Detect();
        var cgroup = ContainerCgroup.Create(layout, record.Id, !record.Rootless, [.. File.ReadLines("/proc/self/cgroup")]);
        record = record with { Cgroups = cgroup.Directories, RuntimeCgroup = cgroup.Path is not null, NewFilter = null };
        directory.Write(record);
        record = record with
        {
            NotEnforced = LimitEnforcement.Check(
                cgroup.Apply(
                    CgroupLimit.For(record.Limits, record.AskedLimits ?? new ContainerLimits(), layout.Mode == CgroupMode.Unified)
                ),
                // Whoever took them unenforced once does so again.
                record.NotEnforced.Count > 0,
                progress.Warn
            ),
        };
        var configuration = OciJson.Config.Require(directory.Config);
        configuration = configuration with { Linux = configuration.Linux with { CgroupsPath = cgroup.Path } };
        EtcFiles.Write(directory, record.Network, configuration.Hostname!, record.Rootless, record.Ids);
        File.WriteAllBytes(directory.Config, OciJson.Serialize(configuration));
        var plan = directory.ReadPlan() with
        {
            CgroupCover = ContainerProcess.CommandFor(directory, record).Cover(layout),
            JoinCgroups = record.RuntimeCgroup ? [] : cgroup.ProcsFiles,
        };
        File.WriteAllBytes(directory.Plan, JsonSerializer.SerializeToUtf8Bytes(plan, NamespaceJson.Default.NamespacePlan));
        directory.Write(record);
        directory.WriteCopy(record);
        return record;
    }
}
