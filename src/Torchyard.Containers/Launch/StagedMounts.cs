using System.Globalization;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Launch;

/// <summary>
/// Takes every bind mount of a configuration away from the runtime's own handling of paths: Torchyard opens the source by descriptor,
/// restricts it, and attaches it in the stage, and the runtime binds it from there. No bind mount reaches a runtime in another way. The
/// driver's files are attached in the root file system itself.
/// </summary>
internal static class StagedMounts
{
    /// <summary>The configuration with sources in the stage, and the trees that go there.</summary>
    /// <param name="configuration">With the host's paths as sources.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="ids">As whose a mount's files appear, by destination.</param>
    /// <param name="driver">Destinations of the driver's files.</param>
    public static (RuntimeConfig Configuration, IReadOnlyList<TreePlan> Trees, IReadOnlyList<LinkPlan> Links) Stage(
        RuntimeConfig configuration,
        string stage,
        IReadOnlyDictionary<string, IdMapping> ids,
        IReadOnlyCollection<string> driver
    )
    {
        var trees = new List<TreePlan>();
        var links = new List<LinkPlan>();
        var mounts = new List<MountConfig>();
        foreach (var mount in configuration.Mounts)
        {
            if (mount.Type != "bind")
            {
                mounts.Add(mount);
                continue;
            }

            var tree = new TreePlan
            {
                Source = SourcePath.Resolve(mount.Source, [], mount.Destination),
                Name = trees.Count.ToString(CultureInfo.InvariantCulture),
                Recursive = mount.Options.Contains("rbind"),
                ReadOnly = mount.Options.LastOrDefault(option => option is "ro" or "rw") == "ro",
                Devices = !mount.Options.Contains("nodev"),
                NoExecute = mount.Options.Contains("noexec"),
                Ids = ids.GetValueOrDefault(mount.Destination),
            };
            tree = tree with { Inside = driver.Contains(mount.Destination) && IsInRoot(mount, configuration) ? mount.Destination : null };
            if (tree.Inside is not null && trees.FirstOrDefault(other => IsSameFileBeside(other, tree)) is { } first)
            {
                // A library under its other names: a link, as ldconfig makes it, in place of a mount.
                links.Add(new LinkPlan(tree.Inside, Path.GetFileName(first.Inside!)));
                continue;
            }

            trees.Add(tree);
            if (tree.Inside is null)
            {
                mounts.Add(mount with { Source = Path.Combine(stage, tree.Name) });
            }
        }

        return (configuration with { Mounts = mounts }, trees, links);
    }

    /// <summary>The configuration as it was before, for people.</summary>
    public static RuntimeConfig Unstage(RuntimeConfig configuration, NamespacePlan plan) =>
        configuration with
        {
            Mounts =
            [
                .. configuration.Mounts.Select(mount =>
                    mount.Type == "bind"
                    && Path.GetDirectoryName(mount.Source) == plan.Stage
                    && plan.Trees.FirstOrDefault(tree => tree.Name == Path.GetFileName(mount.Source)) is { } tree
                        ? mount with
                        {
                            Source = tree.Source,
                        }
                        : mount
                ),
                .. plan
                    .Trees.Where(tree => tree.Inside is not null)
                    .Select(tree => RuntimeDefaults.Bind(tree.Source, tree.Inside!, tree.ReadOnly)),
            ],
        };

    private static bool IsSameFileBeside(TreePlan other, TreePlan tree) =>
        other.Inside is { } inside
        && Path.GetDirectoryName(inside) == Path.GetDirectoryName(tree.Inside)
        && other with { Name = tree.Name, Inside = tree.Inside } == tree;

    /// <summary>True for a file whose place is in the root file system, and in no other mount of the container.</summary>
    private static bool IsInRoot(MountConfig file, RuntimeConfig configuration) =>
        !configuration.Mounts.Any(mount => mount != file && SourcePath.IsBelow(file.Destination, mount.Destination))
        && StatusCalls.Read(file.Source) is { IsDirectory: false };
}
