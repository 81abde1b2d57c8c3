using System.Runtime.InteropServices;
using System.Text;

namespace Torchyard.Platform.Linux;

/// <summary>Extended attributes (xattr(7)). The last part of a path is not followed, except where said.</summary>
internal static unsafe partial class XattrCalls
{
    /// <summary>llistxattr(2): names of the attributes of a path; none where the file system has none.</summary>
    public static string[] Names(string path)
    {
        var size = List(path, null, 0);
        if (size <= 0)
        {
            return [];
        }

        var list = new byte[size];
        fixed (byte* pointer = list)
        {
            size = List(path, pointer, (nuint)list.Length);
        }

        return size <= 0 ? [] : Encoding.UTF8.GetString(list, 0, (int)size).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>lgetxattr(2): value of an attribute; null when there is none.</summary>
    public static byte[]? Value(string path, string name)
    {
        var size = Get(path, name, null, 0);
        if (size < 0)
        {
            return null;
        }

        var value = new byte[size];
        fixed (byte* pointer = value)
        {
            size = Get(path, name, pointer, (nuint)value.Length);
        }

        return size == value.Length ? value : null;
    }

    /// <summary>getxattr(2): true when an attribute of what a descriptor stands for has exactly this one byte.</summary>
    /// <param name="descriptorPath">The path of a descriptor, which is followed to what it stands for.</param>
    /// <param name="name">The attribute.</param>
    /// <param name="value">The byte.</param>
    public static bool Has(string descriptorPath, string name, byte value)
    {
        byte found;
        return GetFollowed(descriptorPath, name, &found, 1) == 1 && found == value;
    }

    /// <summary>lsetxattr(2): makes or replaces an attribute.</summary>
    public static int Set(string path, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* pointer = value)
        {
            return Set(path, name, pointer, (nuint)value.Length, 0);
        }
    }

    /// <summary>lremovexattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "lremovexattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Remove(string path, string name);

    [LibraryImport("libc", EntryPoint = "lsetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Get(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "getxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetFollowed(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint List(string path, byte* list, nuint size);
}
