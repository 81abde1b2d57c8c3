using Torchyard.Containers.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Makes the places that the runtime will mount on, in the container's own layer, before any runtime sees them. A runtime works with the
/// machine's rights and resolves links of the image itself; where the image has a link for <c>/dev</c>, it has made device nodes in
/// directories of the host. So no destination that a runtime gets leads through a link.
/// </summary>
internal static class MountPoints
{
    // What runtimes fill with their own mounts and nodes: a real directory, whatever the image has there.
    internal static readonly string[] Reserved = ["dev", "proc", "sys"];

    // Directories of the image that mounts lie in. A link that stays inside would do, but no image needs one.
    private static readonly string[] Common = ["etc", "run", "tmp"];

    /// <summary>Makes the mount points of a configuration.</summary>
    /// <param name="root">The mounted root file system.</param>
    /// <param name="plan">What to make.</param>
    /// <param name="files">Destinations of files that the runtime does not mount.</param>
    /// <returns>Where each of the files is to be mounted: a path below the root without links.</returns>
    /// <exception cref="TorchyardException">TY4093: the image has something in the way.</exception>
    public static IReadOnlyList<string> Prepare(string root, MountPointPlan plan, IReadOnlyList<string> files)
    {
        var configuration = OciJson.Config.Require(plan.Configuration);
        using var directory = ConfinedDirectory.Of(
            ConfinedDirectory.TryOpenReal(root, out var error) ?? throw new IOException($"cannot open {root}: {Errno.Text(error)}"),
            root
        );
        var inside = new MountPointTree(root, directory, plan.Uid, plan.Gid);
        foreach (var name in Reserved.Concat(Common))
        {
            inside.InsistOnDirectory(name);
        }

        var mounts = new List<MountConfig>();
        foreach (var (index, mount) in configuration.Mounts.Index())
        {
            // A mount that comes later covers this one, and not the image that this one is made in.
            var ready = Covered(mount.Destination, configuration.Mounts.Take(index))
                ? mount
                : mount with
                {
                    Destination = inside.Make(mount.Destination, IsFile(mount), Owned(plan, mount.Destination)),
                };
            mounts.Add(ready);
            if (plan.NameMountsBelow && ready.Options.Contains("rbind") && !Reserved.Contains(ready.Destination.TrimStart('/')))
            {
                mounts.AddRange(
                    MountTable
                        .Below(ready.Source)
                        .Select(below =>
                            ready with
                            {
                                Source = below,
                                Destination = ready.Destination.TrimEnd('/') + below[ready.Source.Length..],
                                Options = [.. ready.Options.Select(option => option == "rbind" ? "bind" : option)],
                            }
                        )
                );
            }
        }

        if (!mounts.Select(mount => mount.Destination).SequenceEqual(configuration.Mounts.Select(mount => mount.Destination)))
        {
            File.WriteAllBytes(plan.Configuration, OciJson.Serialize(configuration with { Mounts = mounts }));
        }

        List<string> places = [.. files.Select(file => inside.Make(file, isFile: true, Owned(plan, file)))];
        foreach (var link in plan.Links)
        {
            inside.MakeLink(link.Path, link.Target, Owned(plan, link.Path));
        }

        return places;
    }

    /// <summary>From which part of a destination on it is Torchyard's own, as a length; null for what the user named.</summary>
    private static int? Owned(MountPointPlan plan, string destination) =>
        !plan.Own.Contains(destination)
            ? null
            : plan.OwnDirectories.Where(directory => SourcePath.IsBelow(destination, directory))
                .Select(directory => (int?)directory.Length)
                .FirstOrDefault()
                ?? destination.Length;

    /// <summary>True for a destination in a mount that is made before: it is not in the image.</summary>
    private static bool Covered(string destination, IEnumerable<MountConfig> mounts) =>
        mounts.Any(other =>
            other.Destination != destination && destination.StartsWith(other.Destination.TrimEnd('/') + "/", StringComparison.Ordinal)
        );

    private static bool IsFile(MountConfig mount) => mount.Type == "bind" && StatusCalls.Read(mount.Source) is { IsDirectory: false };
}
