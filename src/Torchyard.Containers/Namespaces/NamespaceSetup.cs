using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Applies a plan to the calling thread alone: unshare(CLONE_NEWNS) also gives the thread a working directory of its own,
/// so the rest of the program keeps the host's view. The thread must start its program and end.
/// </summary>
internal static class NamespaceSetup
{
    private const string CgroupRoot = "/sys/fs/cgroup";

    // Device nodes of an image are never devices, and set-user-id programs give nothing.
    private const ulong Restrictions = MountFlags.NoSetUserId | MountFlags.NoDevices;

    /// <summary>Unshares the mount namespace of this thread and mounts what the plan says.</summary>
    public static void Apply(NamespacePlan plan)
    {
        foreach (var procs in plan.JoinCgroups)
        {
            // "0" means the writer itself, in whatever pid namespace it is (cgroups(7)).
            File.WriteAllText(procs, "0");
        }

        Check(ProcessCalls.Unshare(MountFlags.NewMountNamespace), "make a mount namespace");
        // Slave, not private: a disk that the host mounts later still shows up in bind mounts that ask for it.
        Check(MountCalls.Mount(null, "/", null, MountFlags.Recursive | MountFlags.Slave, null), "detach the mount namespace");
        switch (plan.CgroupCover)
        {
            case CgroupCover.UnmountUnified:
                Check(MountCalls.Unmount(CgroupRoot + "/unified", MountFlags.Detach), "hide the hybrid cgroup2 hierarchy");
                break;
            case CgroupCover.Tmpfs:
                Check(
                    MountCalls.Mount("none", CgroupRoot, "tmpfs", MountFlags.NoSetUserId | MountFlags.NoDevices, "mode=755"),
                    "hide the cgroups"
                );
                break;
        }

        // Opened before the stage covers anything, and attached after.
        using var trees = MountTrees.Open(plan.Trees, plan.CallerInside);
        if (plan.Stage is { } stage)
        {
            Check(
                MountCalls.Mount("tmpfs", stage, "tmpfs", MountFlags.NoSetUserId | MountFlags.NoDevices, "mode=711,size=1m"),
                "mount the stage at " + stage
            );
            trees.Attach(stage);
        }

        if (plan.Overlay is { } overlay)
        {
            Directory.CreateDirectory(overlay.Target);
            MountOverlay(overlay, overlay.Directory ?? plan.Stage!);
            if (plan.MountPoints is { } points)
            {
                trees.AttachInside(overlay.Target, MountPoints.Prepare(overlay.Target, points, [.. trees.Inside]));
            }
        }

        foreach (var limit in plan.HardLimits)
        {
            RaiseHardLimit(limit);
        }
    }

    /// <summary>For this process, which only starts the runtime, and what it starts; a limit is never lowered here.</summary>
    private static void RaiseHardLimit(HardLimit limit)
    {
        if (ResourceCalls.Limit(limit.Resource) is { } now && now.Hard < limit.Value)
        {
            // What fails here shows when the runtime sets the limit, with its message.
            _ = ResourceCalls.SetLimit(limit.Resource, now.Soft, limit.Value);
        }
    }

    private static void MountOverlay(OverlayPlan overlay, string directory)
    {
        Check(ProcessCalls.ChangeDirectory(directory), "enter " + directory);
        if (overlay.Lower.Count == 0)
        {
            Check(
                MountCalls.Mount(overlay.Upper, overlay.Target, null, MountFlags.Bind | MountFlags.Recursive, null),
                "bind the root file system"
            );
            Check(
                MountCalls.Mount(null, overlay.Target, null, MountFlags.Bind | MountFlags.Remount | Restrictions, null),
                "restrict the root file system"
            );
        }
        else
        {
            var incompatible = Path.Combine(directory, overlay.Work, "work/incompat");
            if (overlay.Volatile && Directory.Exists(incompatible))
            {
                // Left by a volatile mount that ended with its namespace; the kernel refuses the directory until it is gone.
                Directory.Delete(incompatible, recursive: true);
            }

            var options = Options(overlay);
            if (MountCalls.Mount("overlay", overlay.Target, "overlay", Restrictions, options) != 0)
            {
                throw Refused(overlay, Errno.Last);
            }
        }

        Check(ProcessCalls.ChangeDirectory("/"), "return to /");
    }

    internal static string Options(OverlayPlan overlay)
    {
        // Renamed directories and changed owners are copied whole, so that the upper directory stands for itself as a layer.
        var options = new StringBuilder("lowerdir=")
            .AppendJoin(':', overlay.Lower)
            .Append(",upperdir=")
            .Append(overlay.Upper)
            .Append(",workdir=")
            .Append(overlay.Work);
        options.Append(overlay.UserXattr ? ",userxattr" : ",redirect_dir=off,metacopy=off,index=off");
        if (overlay.Volatile)
        {
            options.Append(",volatile");
        }

        return options.ToString();
    }

    private static TorchyardException Refused(OverlayPlan overlay, int error) =>
        new(
            "TY4002",
            $"the kernel refused the overlay mount of {Count.Of(overlay.Lower.Count, "layer")} at {overlay.Target}: {Errno.Text(error)}",
            overlay.UserXattr
                ? "rootless overlays need Linux 5.11 and a store on ext4, xfs, btrfs or tmpfs: set "
                    + "TORCHYARD_STORE to a directory on one of these"
                : "the store must be on ext4, xfs, btrfs or tmpfs, not itself on an overlay: set "
                    + "TORCHYARD_STORE to a directory on one of these"
        );

    private static void Check(int result, string what)
    {
        if (result != 0)
        {
            var error = Errno.Last;
            throw new TorchyardException(
                "TY4003",
                $"the kernel refused to {what}: {Errno.Text(error)}",
                "run as root, or allow unprivileged user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)"
            );
        }
    }
}
