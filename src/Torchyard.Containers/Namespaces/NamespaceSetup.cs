using System.Text;
using Torchyard.Containers.Native;
using Torchyard.Platform;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Applies a plan to the calling thread alone: unshare(CLONE_NEWNS) also gives the thread a working directory of its own,
/// so the rest of the program keeps the host's view. The thread must start its program and end.
/// </summary>
internal static class NamespaceSetup
{
    private const string CgroupRoot = "/sys/fs/cgroup";

    /// <summary>Unshares the mount namespace of this thread and mounts what the plan says.</summary>
    public static void Apply(NamespacePlan plan)
    {
        foreach (var procs in plan.JoinCgroups)
        {
            // "0" means the writer itself, in whatever pid namespace it is (cgroups(7)).
            File.WriteAllText(procs, "0");
        }

        Check(Libc.Unshare(MountFlags.NewMountNamespace), "make a mount namespace");
        // Slave, not private: a disk that the host mounts later still shows up in bind mounts that ask for it.
        Check(Libc.Mount(null, "/", null, MountFlags.Recursive | MountFlags.Slave, null), "detach the mount namespace");
        switch (plan.CgroupCover)
        {
            case CgroupCover.UnmountUnified:
                Check(Libc.Unmount(CgroupRoot + "/unified", MountFlags.Detach), "hide the hybrid cgroup2 hierarchy");
                break;
            case CgroupCover.Tmpfs:
                Check(Libc.Mount("none", CgroupRoot, "tmpfs", MountFlags.NoSetUserId | MountFlags.NoDevices, "mode=755"), "hide the cgroups");
                break;
        }

        if (plan.Overlay is { } overlay)
        {
            MountOverlay(overlay);
        }

        foreach (var mount in plan.Idmapped)
        {
            IdmappedMounts.Mount(mount);
        }
    }

    private static void MountOverlay(OverlayPlan overlay)
    {
        Check(Libc.ChangeDirectory(overlay.Directory), "enter " + overlay.Directory);
        if (overlay.Lower.Count == 0)
        {
            Check(Libc.Mount(overlay.Upper, overlay.Target, null, MountFlags.Bind | MountFlags.Recursive, null), "bind the root file system");
        }
        else
        {
            var incompatible = Path.Combine(overlay.Directory, overlay.Work, "work/incompat");
            if (overlay.Volatile && Directory.Exists(incompatible))
            {
                // Left by a volatile mount that ended with its namespace; the kernel refuses the directory until it is gone.
                Directory.Delete(incompatible, recursive: true);
            }

            var options = Options(overlay);
            if (Libc.Mount("overlay", overlay.Target, "overlay", 0, options) != 0)
            {
                throw Refused(overlay, Errno.Last);
            }
        }

        Check(Libc.ChangeDirectory("/"), "return to /");
    }

    internal static string Options(OverlayPlan overlay)
    {
        // Renamed directories and changed owners are copied whole, so that the upper directory stands for itself as a layer.
        var options = new StringBuilder("lowerdir=").AppendJoin(':', overlay.Lower).Append(",upperdir=").Append(overlay.Upper).Append(",workdir=").Append(overlay.Work);
        options.Append(overlay.UserXattr ? ",userxattr" : ",redirect_dir=off,metacopy=off,index=off");
        if (overlay.Volatile)
        {
            options.Append(",volatile");
        }

        return options.ToString();
    }

    private static TorchyardException Refused(OverlayPlan overlay, int error) => new(
        "TY4002",
        $"the kernel refused the overlay mount of {overlay.Lower.Count} layers at {overlay.Target}: {Errno.Text(error)}",
        overlay.UserXattr
            ? "rootless overlays need Linux 5.11 and a store on ext4, xfs, btrfs or tmpfs: set TORCHYARD_STORE to a directory on one of these"
            : "the store must be on ext4, xfs, btrfs or tmpfs, not itself on an overlay: set TORCHYARD_STORE to a directory on one of these");

    private static void Check(int result, string what)
    {
        if (result != 0)
        {
            var error = Errno.Last;
            throw new TorchyardException(
                "TY4003",
                $"the kernel refused to {what}: {Errno.Text(error)}",
                "run as root, or allow unprivileged user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)");
        }
    }
}
