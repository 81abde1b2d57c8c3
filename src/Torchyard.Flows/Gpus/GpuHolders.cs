using Torchyard.Containers.Gpus;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Machine.Processes;

namespace Torchyard.Flows.Gpus;

/// <summary>Who has which GPU, on the whole machine.</summary>
internal static class GpuHolders
{
    /// <summary>Containers of this store, programs that are about to start some, and what other users say that they have.</summary>
    public static async Task<IReadOnlyList<GpuHolder>> OfAsync(Host host, GpuLeases leases, CancellationToken cancellation)
    {
        // In this order: a start that ends in between is seen twice, not missed.
        var claims = Others(new GpuClaims(host.Files));
        var starting = leases.Held();
        var containers = await host.Containers().ListAsync(cancellation);
        var own = containers.Select(container => container.Record.Id).ToHashSet(StringComparer.Ordinal);
        var users = new UserNames(host.Files);
        return
        [
            .. containers
                .Where(c => c.State.Status != ContainerStatus.Exited)
                .SelectMany(c => c.Record.Gpus.Select(g => new GpuHolder(g.Uuid, $"container {c.Record.Name}")))
                .Union(starting),
            // What a container of this store has, its record says better.
            .. claims
                .Where(claim => claim.Container is null || !own.Contains(claim.Container))
                .SelectMany(claim => claim.Gpus.Select(gpu => new GpuHolder(gpu, TextOf(claim, users)))),
        ];
    }

    /// <summary>Claims of other processes than this one.</summary>
    public static IReadOnlyList<GpuClaim> Others(GpuClaims claims) =>
        [.. claims.Held().Where(claim => claim.ProcessId != Environment.ProcessId)];

    private static string TextOf(GpuClaim claim, UserNames users) =>
        $"{(claim.Name is { } name ? $"environment {name}" : "an environment")} of {users.Of(claim.User)}";
}
