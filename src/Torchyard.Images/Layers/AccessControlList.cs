using System.Buffers.Binary;
using Torchyard.Images.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Layers;

/// <summary>
/// POSIX access control lists as the kernel keeps them, in the attributes <c>system.posix_acl_access</c> and
/// <c>system.posix_acl_default</c> (kernel, include/uapi/linux/posix_acl_xattr.h).
/// </summary>
internal static class AccessControlList
{
    internal const string Access = "system.posix_acl_access";
    internal const string Default = "system.posix_acl_default";

    private const int Header = 4;
    private const int Row = 8;
    private const ushort OwningGroup = 0x04;

    /// <summary>
    /// Takes a list away from a file or directory. With a list, the group's part of the mode is the mask of all entries, and would give the
    /// owning group more than it had; it becomes what the list gives the owning group.
    /// </summary>
    /// <returns>The mode afterwards.</returns>
    internal static int Remove(string path, string attribute, byte[] value, int mode)
    {
        if (XattrCalls.Remove(path, attribute) != 0)
        {
            throw ImageErrors.FromErrno(path, Errno.Last);
        }

        if (attribute != Access || GroupPermissions(value) is not { } group || (mode >> 3 & 7) == group)
        {
            return mode;
        }

        var plain = (mode & ~FileModes.Group) | group << 3;
        return ModeCalls.Set(At.CurrentDirectory, path, (uint)plain, 0) == 0 ? plain : throw ImageErrors.FromErrno(path, Errno.Last);
    }

    /// <summary>What a list gives the owning group; null when it does not say.</summary>
    internal static int? GroupPermissions(ReadOnlySpan<byte> list)
    {
        for (var at = Header; at + Row <= list.Length; at += Row)
        {
            if (BinaryPrimitives.ReadUInt16LittleEndian(list[at..]) == OwningGroup)
            {
                return BinaryPrimitives.ReadUInt16LittleEndian(list[(at + 2)..]) & 7;
            }
        }

        return null;
    }
}
