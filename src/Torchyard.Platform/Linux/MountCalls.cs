using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Linux;

/// <summary>
/// Mounts. Those that work on descriptors instead of paths (Linux 5.2; mount_setattr is from 5.12) mount what was looked at, whatever
/// happens to the names meanwhile.
/// </summary>
internal static unsafe partial class MountCalls
{
    /// <summary>MOUNT_ATTR_RDONLY.</summary>
    public const ulong ReadOnly = 0x1;

    /// <summary>MOUNT_ATTR_NOSUID.</summary>
    public const ulong NoSetUserId = 0x2;

    /// <summary>MOUNT_ATTR_NODEV.</summary>
    public const ulong NoDevices = 0x4;

    /// <summary>MOUNT_ATTR_NOEXEC.</summary>
    public const ulong NoExecute = 0x8;

    private const ulong MapIds = 0x00100000; // MOUNT_ATTR_IDMAP
    private const int CloneTree = 0x1; // OPEN_TREE_CLONE
    private const int MoveFromEmptyPath = 0x4; // MOVE_MOUNT_F_EMPTY_PATH

    /// <summary>mount(2), with <see cref="MountFlags"/>.</summary>
    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, ulong flags, string? data);

    /// <summary>umount2(2), with <see cref="MountFlags.Detach"/>.</summary>
    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    /// <summary>
    /// open_tree(2): a detached copy of what an open file or directory (O_PATH will do) shows, and with <paramref name="recursive"/> of the
    /// mounts below it.
    /// </summary>
    public static int Clone(SafeFileHandle place, bool recursive)
    {
        using var lent = new LentDescriptor(place);
        byte empty = 0;
        var flags = CloneTree | OpenFlags.CloseOnExec | Below(recursive);
        return (int)SystemCall.Invoke(SystemCall.OpenTree, lent.Number, (nint)(&empty), flags, 0, 0);
    }

    /// <summary>move_mount(2): attaches a detached mount.</summary>
    public static int Attach(int tree, string target)
    {
        byte empty = 0;
        fixed (byte* text = SystemCall.Text(target))
        {
            return (int)SystemCall.Invoke(SystemCall.MoveMount, tree, (nint)(&empty), At.CurrentDirectory, (nint)text, MoveFromEmptyPath);
        }
    }

    /// <summary>mount_setattr(2): sets flags of a detached mount, and with <paramref name="recursive"/> of those below it.</summary>
    public static int Set(int tree, ulong flags, bool recursive) => Set(tree, new MountAttributes { Set = flags }, recursive);

    /// <summary>mount_setattr(2) with MOUNT_ATTR_IDMAP: shows the ids on disk as a user namespace maps them.</summary>
    public static int Map(int tree, int userNamespace, bool recursive) =>
        Set(tree, new MountAttributes { Set = MapIds, UserNamespace = (ulong)userNamespace }, recursive);

    private static int Set(int tree, MountAttributes attributes, bool recursive)
    {
        byte empty = 0;
        return (int)
            SystemCall.Invoke(
                SystemCall.MountSetAttributes,
                tree,
                (nint)(&empty),
                Below(recursive),
                (nint)(&attributes),
                sizeof(MountAttributes)
            );
    }

    private static int Below(bool recursive) => At.EmptyPath | (recursive ? At.Recursive : 0);

    /// <summary>struct mount_attr of linux/mount.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }
}
