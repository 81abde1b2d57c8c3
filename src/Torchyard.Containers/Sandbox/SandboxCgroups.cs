using Torchyard.Containers.Cgroups;
using Torchyard.Machine.Kernel;

namespace Torchyard.Containers.Sandbox;

/// <summary>The cgroups of build sandboxes, which a runtime makes and removes, and leaves when it is killed.</summary>
internal static class SandboxCgroups
{
    private const string Prefix = "ty-build-";

    // A runtime puts the first process in within milliseconds of making the cgroup.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    /// <summary>A name that no other sandbox has.</summary>
    public static string NewId() => Prefix + Guid.NewGuid().ToString("N")[..12];

    /// <summary>Path below the roots of the hierarchies.</summary>
    public static string PathOf(string id) => "/" + ContainerCgroup.Parent + "/" + id;

    /// <summary>Removes those without a process that are too old to be just made.</summary>
    /// <param name="layout">How cgroups are mounted.</param>
    public static void RemoveAbandoned(CgroupLayout layout)
    {
        foreach (
            var id in layout
                .Hierarchies.Values.Append(layout.UnifiedMount)
                .OfType<string>()
                .Select(mount => Path.Combine(mount, ContainerCgroup.Parent))
                .Where(Directory.Exists)
                .SelectMany(parent => Directory.EnumerateDirectories(parent, Prefix + "*"))
                .Where(directory => DateTime.UtcNow - Directory.GetLastWriteTimeUtc(directory) > Fresh)
                .Select(Path.GetFileName)
                .OfType<string>()
                .Distinct()
                .ToList()
        )
        {
            if (ContainerCgroup.ProcessesOf(layout, id, None).Count == 0)
            {
                ContainerCgroup.RemoveAll(layout, id, None);
            }
        }
    }

    private static IReadOnlyDictionary<string, string> None { get; } = new Dictionary<string, string>();
}
