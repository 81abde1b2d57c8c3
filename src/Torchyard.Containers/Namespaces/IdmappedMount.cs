using System.Diagnostics;
using System.Globalization;
using Torchyard.Containers.Native;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// A mount that shows the files of one user as another's: what the container's user writes belongs to the directory's owner on disk
/// (mount_setattr(2), MOUNT_ATTR_IDMAP, Linux 5.12).
/// </summary>
/// <param name="Source">Directory.</param>
/// <param name="Target">Where the mapped view is mounted.</param>
/// <param name="DiskUid">Owner on disk.</param>
/// <param name="ShownUid">Owner as the container sees it.</param>
/// <param name="DiskGid">Group on disk.</param>
/// <param name="ShownGid">Group as the container sees it.</param>
internal sealed record IdmappedMount(string Source, string Target, uint DiskUid, uint ShownUid, uint DiskGid, uint ShownGid);

/// <summary>Makes idmapped mounts; needs the machine's root.</summary>
internal static class IdmappedMounts
{
    /// <summary>True when the kernel and the file system can map this one.</summary>
    public static bool IsSupported(IdmappedMount mount)
    {
        try
        {
            var tree = Open(mount);
            _ = Libc.Close(tree);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Mounts it in the mount namespace of the calling thread.</summary>
    public static void Mount(IdmappedMount mount)
    {
        var tree = Open(mount);
        try
        {
            if (Libc.MoveMount(tree, mount.Target) != 0)
            {
                throw new IOException($"cannot mount {mount.Source}: {Errno.Text(Errno.Last)}");
            }
        }
        finally
        {
            _ = Libc.Close(tree);
        }
    }

    /// <summary>Mapping that swaps two ids and leaves every other alone, so that the mapping stays one to one.</summary>
    internal static string Swap(uint disk, uint shown)
    {
        const uint Last = uint.MaxValue - 1;
        var (low, high) = disk < shown ? (disk, shown) : (shown, disk);
        var lines = new List<string>();
        Add(0, 0, low);
        Add(low, high, 1);
        Add(low + 1, low + 1, high - low - 1);
        Add(high, low, 1);
        Add(high + 1, high + 1, Last - high);
        return string.Join('\n', lines) + "\n";

        void Add(uint inside, uint outside, uint count)
        {
            if (count > 0)
            {
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"{inside} {outside} {count}"));
            }
        }
    }

    private static int Open(IdmappedMount mount)
    {
        // The kernel takes the mapping from a user namespace, which needs a process to be made in.
        using var holder = Process.Start(new ProcessStartInfo("unshare", ["--user", "--", "cat"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        }) ?? throw new IOException("unshare did not start");
        try
        {
            holder.StandardInput.BaseStream.Write("."u8);
            holder.StandardInput.BaseStream.Flush();
            if (holder.StandardOutput.BaseStream.ReadByte() < 0)
            {
                throw new IOException("unshare: " + holder.StandardError.ReadToEnd().Trim());
            }

            var process = string.Create(CultureInfo.InvariantCulture, $"/proc/{holder.Id}/");
            File.WriteAllText(process + "uid_map", mount.DiskUid == mount.ShownUid ? "0 0 4294967294\n" : Swap(mount.DiskUid, mount.ShownUid));
            File.WriteAllText(process + "gid_map", mount.DiskGid == mount.ShownGid ? "0 0 4294967294\n" : Swap(mount.DiskGid, mount.ShownGid));
            var tree = Libc.OpenTree(mount.Source);
            if (tree < 0)
            {
                throw new IOException($"open_tree {mount.Source}: {Errno.Text(Errno.Last)}");
            }

            using var userNamespace = File.OpenHandle(process + "ns/user");
            if (Libc.MapIds(tree, userNamespace) != 0)
            {
                var error = Errno.Last;
                _ = Libc.Close(tree);
                throw new IOException($"mount_setattr {mount.Source}: {Errno.Text(error)}");
            }

            return tree;
        }
        finally
        {
            holder.Kill();
        }
    }
}
