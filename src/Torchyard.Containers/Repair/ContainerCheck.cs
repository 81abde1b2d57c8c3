using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Repair;

/// <summary>A record of a container, or a thing among the containers, that is not as it must be.</summary>
/// <param name="Text">Which one, and what is wrong with it.</param>
/// <param name="Repair">Restores it; the text says what cannot be restored, or null when all is.</param>
public sealed record ContainerProblem(string Text, Func<string?> Repair);

/// <summary>
/// Looks over the records of containers for <c>torchyard check</c>, and restores them from their copies and from the processes that run.
/// </summary>
/// <param name="store">The containers.</param>
public sealed class ContainerCheck(ContainerStore store)
{
    /// <summary>What is wrong; empty when all is well.</summary>
    public async Task<IReadOnlyList<ContainerProblem>> FindAsync(CancellationToken cancellation)
    {
        var problems = new List<ContainerProblem>();
        foreach (var container in await new ContainerStore(store.Paths, store.Clock).ListAsync(cancellation))
        {
            var directory = store.DirectoryOf(container.Record.Id);
            Add(problems, container, directory);
        }

        problems.AddRange(
            ContainerEvidence
                .Orphans(store.Paths.Containers)
                .Select(orphan => new ContainerProblem(
                    $"container {orphan.Directory.Id[..12]} runs, watched by process {orphan.Monitor.Id}, and its directory is gone",
                    () => Readopt(orphan.Directory)
                ))
        );
        foreach (var entry in Directory.Exists(store.Paths.Containers) ? Directory.GetFileSystemEntries(store.Paths.Containers) : [])
        {
            var name = Path.GetFileName(entry);
            if (
                name is not (".lock" or Torchyard.Containers.Launch.OpenDirectories.FileName)
                && !name.StartsWith(ContainerStore.Removing, StringComparison.Ordinal)
                // Of a command that writes, or was killed then: 'prune' removes it.
                && !UnfinishedFiles.IsOne(name)
                && (!ContainerId.IsOne(name) || !Directory.Exists(entry) || new DirectoryInfo(entry).LinkTarget is not null)
            )
            {
                problems.Add(new ContainerProblem($"{entry} is not a container", () => $"{entry} was not made by Torchyard: move it away"));
            }
        }

        problems.AddRange(
            new FilterCache(store.Paths)
                .Damaged()
                .Select(filter => new ContainerProblem($"the kept system call filter {filter.Path} is damaged: {filter.Damage}", () =>
                    Remove(filter.Path)
                ))
        );
        return problems;
    }

    private static void Add(List<ContainerProblem> problems, ContainerInfo container, ContainerDirectory directory)
    {
        var name = container.Record.IsKnown ? container.Record.Name : directory.Id[..12];
        if (container.Damage is { } damage)
        {
            problems.Add(new ContainerProblem($"container {name}: {damage}", () => Restore(container, directory)));
        }
        else if (directory.LoadCopy().Damage is not null)
        {
            problems.Add(new ContainerProblem($"container {name}: the copy of its record is damaged", () => Restore(container, directory)));
        }

        // These two are read by every exec, and by nothing when it has ended.
        if (
            container.IsRunning
            && (OciJson.Config.Read(directory.Config).Damage ?? NamespaceJson.Plan.Read(directory.Plan).Damage) is { } broken
        )
        {
            problems.Add(
                new ContainerProblem($"container {name}: {broken}", () =>
                    $"container {name}: {broken}; it runs on, and exec needs it whole: stop the container, and start it anew"
                )
            );
        }
    }

    private static string? Restore(ContainerInfo container, ContainerDirectory directory)
    {
        var left = container.Record.IsKnown
            ? null
            : $"container {directory.Id[..12]}: what it was is lost with its record and the copy; 'torchyard rm --force "
                + $"{directory.Id[..12]}' removes it";
        if (container.Record.IsKnown)
        {
            directory.Write(container.Record);
            directory.WriteCopy(container.Record);
        }

        if (directory.LoadState().Value is null)
        {
            directory.Write(container.State);
        }

        return left;
    }

    private string? Readopt(ContainerDirectory directory)
    {
        StoreDirectory.Create(directory.Root);
        directory.Write(ContainerEvidence.StateOf(directory, store.Clock));
        return $"container {directory.Id[..12]}: what it was is lost; it is listed again, and 'torchyard rm --force "
            + $"{directory.Id[..12]}' ends and removes it";
    }

    private static string? Remove(string path)
    {
        RegularFile.ClearPlace(path);
        File.Delete(path);
        return null;
    }
}
