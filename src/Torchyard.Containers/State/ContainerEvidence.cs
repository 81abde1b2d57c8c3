using System.Globalization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Namespaces;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.State;

/// <summary>
/// What the machine itself says of a container whose records are damaged or lost: the process that the runtime wrote down, the processes in
/// the container's cgroups, the monitor that watches it.
/// </summary>
internal static class ContainerEvidence
{
    /// <summary>How a container is, by its processes alone.</summary>
    public static ContainerState StateOf(ContainerDirectory directory, TimeProvider clock)
    {
        var monitor = MonitorOf(directory.Root);
        if (InitOf(directory, clock) is { } init)
        {
            return new ContainerState
            {
                Status = ContainerStatus.Running,
                Init = init,
                Monitor = monitor,
                Started = new DateTimeOffset(init.Started(clock)).ToUnixTimeMilliseconds(),
            };
        }

        return new ContainerState
        {
            Status = ContainerStatus.Exited,
            Monitor = monitor,
            Error = "its state was lost, so its exit status is not known",
        };
    }

    /// <summary>The containers of a store that a monitor watches and that have no directory any more.</summary>
    public static IEnumerable<(ContainerDirectory Directory, ProcessIdentity Monitor)> Orphans(string containers)
    {
        foreach (var (process, root) in Monitors())
        {
            if (
                Path.GetDirectoryName(root) == containers
                && ContainerId.IsOne(Path.GetFileName(root))
                && !Directory.Exists(root)
                && ProcessIdentity.Of(process) is { } monitor
            )
            {
                yield return (new ContainerDirectory(root), monitor);
            }
        }
    }

    private static ProcessIdentity? InitOf(ContainerDirectory directory, TimeProvider clock)
    {
        if (directory.ReadAbandoned(clock) is { } written)
        {
            return written;
        }

        // The oldest process is the first: all others are its children.
        var recorded = (directory.LoadRecord().Value ?? directory.LoadCopy().Value)?.Cgroups ?? new Dictionary<string, string>();
        return ContainerCgroup
            .ProcessesOf(CgroupLayout.Detect(), directory.Id, recorded)
            .Select(ProcessIdentity.Of)
            .OfType<ProcessIdentity>()
            .OrderBy(process => process.StartTime)
            .ThenBy(process => process.Id)
            .FirstOrDefault();
    }

    private static ProcessIdentity? MonitorOf(string root) =>
        Monitors().Where(monitor => monitor.Root == root).Select(monitor => ProcessIdentity.Of(monitor.Process)).FirstOrDefault();

    private static IEnumerable<(int Process, string Root)> Monitors()
    {
        foreach (var place in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(place), NumberStyles.None, CultureInfo.InvariantCulture, out var process))
            {
                continue;
            }

            string[] arguments;
            try
            {
                // Anybody may give a process of theirs these arguments, and hold up who reads them.
                if (FileFacts.Find(place) is not { IsOfTrustedOwner: true })
                {
                    continue;
                }

                arguments = File.ReadAllText(Path.Combine(place, "cmdline")).Split('\0');
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if (arguments is [_, SelfVerbs.Monitor, var root, ..])
            {
                yield return (process, root);
            }
        }
    }
}
