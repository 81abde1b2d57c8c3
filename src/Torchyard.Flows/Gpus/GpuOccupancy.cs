using System.Globalization;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Processes;
using Torchyard.Platform.Text;

namespace Torchyard.Flows.Gpus;

/// <summary>
/// Who has which GPU of the machine, as far as this user may see: containers of this store by their records, environments of other users
/// by what these say themselves, and whatever else computes by what NVML and the kernel say of it.
/// </summary>
/// <param name="host">Who asks.</param>
internal sealed class GpuOccupancy(Host host)
{
    private readonly ProcessTable _processes = new(host.Files);
    private readonly UserNames _users = new(host.Files);

    /// <summary>The GPUs in NVML's order.</summary>
    /// <param name="snapshot">What NVML says now.</param>
    /// <param name="containers">The containers of this store.</param>
    public IReadOnlyList<OccupiedGpu> Of(GpuSnapshot snapshot, IReadOnlyList<ContainerInfo> containers)
    {
        var holders = Holders(containers);
        return
        [
            .. host.Gpus().Units(snapshot).Select(unit => Occupied(unit, snapshot.Gpus.First(gpu => gpu.Index == unit.Index), holders)),
        ];
    }

    private OccupiedGpu Occupied(ChosenGpu unit, GpuState state, List<Holder> holders)
    {
        var held = holders.Where(holder => holder.Gpus.Contains(unit.Uuid)).ToList();
        var others = new List<GpuHolding>();
        // NVML's list for a GPU that is cut up does not say which part a process has.
        foreach (var process in unit.Mig is null ? state.Processes ?? [] : [])
        {
            if (HolderOf(process.Pid, holders) is not { } holder)
            {
                others.Add(ProcessHolding(process.Pid));
            }
            else if (!held.Contains(holder))
            {
                held.Add(holder);
            }
        }

        return new OccupiedGpu
        {
            Name = unit.Mig is { } mig
                ? string.Create(CultureInfo.InvariantCulture, $"{unit.Index}:{mig.Index}")
                : unit.Index.ToString(CultureInfo.InvariantCulture),
            Uuid = unit.Uuid,
            Model = unit.Model,
            UtilisationPercent = unit.Mig is null ? state.UtilisationPercent : null,
            MemoryUsedBytes = unit.Mig is null ? state.MemoryUsedBytes : null,
            MemoryTotalBytes = unit.Mig is null ? state.MemoryTotalBytes : unit.Mig.MemoryBytes,
            HeldBy = [.. held.Select(holder => holder.Holding).Concat(others).OrderBy(holding => holding.Since ?? DateTimeOffset.MaxValue)],
        };
    }

    private List<Holder> Holders(IReadOnlyList<ContainerInfo> containers)
    {
        var own = containers.Where(container => container.State.Status != ContainerStatus.Exited && container.Record.Gpus.Count > 0);
        var known = containers.Select(container => container.Record.Id).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. own.Select(Own),
            .. new GpuClaims(host.Files)
                .Held()
                // What a container of this store has, its record says better.
                .Where(claim => claim.Container is null || !known.Contains(claim.Container))
                .Select(Claimed),
        ];
    }

    private Holder Own(ContainerInfo container) =>
        new(
            [.. container.Record.Gpus.Select(gpu => gpu.Uuid)],
            [.. new[] { container.State.Init?.Id, container.State.Monitor?.Id }.OfType<int>()],
            container.Record.Id,
            new GpuHolding
            {
                Kind = HoldingKind.Environment,
                User = _users.Of(host.Caller.UserId),
                Name = container.Record.Name,
                ProcessId = container.State.Monitor?.Id ?? container.State.Init?.Id,
                Since =
                    container.State.Started > 0
                        ? DateTimeOffset.FromUnixTimeMilliseconds(container.State.Started)
                        : DateTimeOffset.FromUnixTimeSeconds(container.Record.Created),
                Own = true,
                IdleStop = container.State.IdleStop > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(container.State.IdleStop) : null,
            }
        );

    private Holder Claimed(GpuClaim claim) =>
        new(
            claim.Gpus,
            [claim.ProcessId],
            claim.Container,
            new GpuHolding
            {
                Kind = HoldingKind.Environment,
                User = _users.Of(claim.User),
                Name = claim.Name,
                ProcessId = claim.ProcessId,
                Since = _processes.Find(claim.ProcessId) is { } process ? _processes.StartedAt(process, host.Clock.GetUtcNow()) : null,
            }
        );

    /// <summary>The holder that a process belongs to: it descends from the holder's process, or is in the container's cgroup.</summary>
    private Holder? HolderOf(int process, List<Holder> holders)
    {
        var ancestors = _processes.Ancestry(process).Select(ancestor => ancestor.Id).ToHashSet();
        var cgroups = _processes.Cgroups(process);
        return holders.FirstOrDefault(holder =>
            holder.Processes.Any(ancestors.Contains) || (holder.Container is { } id && cgroups.Contains(id, StringComparison.Ordinal))
        );
    }

    private GpuHolding ProcessHolding(int id)
    {
        var process = _processes.Find(id);
        return new GpuHolding
        {
            Kind = HoldingKind.Process,
            User = process?.User is { } user ? _users.Of(user) : null,
            Name = process is null ? null : VisibleText.Of(process.Name),
            ProcessId = id,
            Since = process is null ? null : _processes.StartedAt(process, host.Clock.GetUtcNow()),
        };
    }

    private sealed record Holder(IReadOnlyList<string> Gpus, IReadOnlyList<int> Processes, string? Container, GpuHolding Holding);
}
