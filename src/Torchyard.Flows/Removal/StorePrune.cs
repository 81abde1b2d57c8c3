using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Store;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Removal;

/// <summary>What was removed.</summary>
internal sealed record Pruned
{
    /// <summary>Blobs that no image has.</summary>
    public required int Blobs { get; init; }

    /// <summary>Mounted layers that no image has.</summary>
    public required int Layers { get; init; }

    /// <summary>Beginnings of downloads that were ended.</summary>
    public required int Downloads { get; init; }

    /// <summary>The size of all these.</summary>
    public required long Bytes { get; init; }

    /// <summary>Containers that had ended, by name.</summary>
    public required IReadOnlyList<string> Containers { get; init; }

    /// <summary>Fetched packages; null where they stay.</summary>
    public required FileCount? Packages { get; init; }

    /// <summary>Indexes of packages; null where they stay.</summary>
    public required FileCount? Indexes { get; init; }
}

/// <summary>Removes from the store what nothing needs.</summary>
internal sealed class StorePrune(Host host)
{
    /// <summary>Removes it.</summary>
    /// <param name="endedContainers">First remove every container that has ended.</param>
    /// <param name="fetched">Also what would be fetched again: packages and their indexes.</param>
    /// <param name="cancellation">Ends the work.</param>
    public async Task<Pruned> RunAsync(bool endedContainers, bool fetched, CancellationToken cancellation)
    {
        var removed = endedContainers ? await RemoveEndedAsync(cancellation) : [];
        var users = await ImageUsers.FindAsync(host, cancellation);
        UnfinishedFiles.Remove(host.Store, host.Clock);
        var downloads = PartialDownloads.Remove(host.Store);
        var result = await new ImageStore(host.Store).PruneAsync(users.Images, cancellation, users.Unknown, host.Progress);
        var (packages, indexes) = fetched ? await RemoveFetchedAsync(cancellation) : (null, null);
        return new Pruned
        {
            Blobs = result.Blobs,
            Layers = result.Layers,
            Downloads = downloads.Count,
            Bytes = result.Bytes + downloads.Bytes + (packages?.Bytes ?? 0) + (indexes?.Bytes ?? 0),
            Containers = removed,
            Packages = packages,
            Indexes = indexes,
        };
    }

    /// <summary>Waits for builds, which read them.</summary>
    private async Task<(FileCount? Packages, FileCount? Indexes)> RemoveFetchedAsync(CancellationToken cancellation)
    {
        using var alone = await FileLock.AcquireAsync(host.Store.UseLock, exclusive: true, cancellation);
        return (FetchedFiles.Clear(host.Store.Packages), FetchedFiles.Clear(host.Store.Indexes));
    }

    private async Task<IReadOnlyList<string>> RemoveEndedAsync(CancellationToken cancellation)
    {
        var store = host.Containers();
        var ended = (await store.ListAsync(cancellation)).Where(container => container.State.Status == ContainerStatus.Exited).ToList();
        foreach (var container in ended)
        {
            await store.RemoveAsync(container, cancellation);
        }

        return [.. ended.Select(container => container.Record.Name)];
    }
}
