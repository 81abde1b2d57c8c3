using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Whose process this is (credentials(7)), and which users there are.</summary>
internal static unsafe partial class UserCalls
{
    private static readonly Lock Asking = new();

    /// <summary>geteuid(2), which cannot fail.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    /// <summary>getegid(2), which cannot fail.</summary>
    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    /// <summary>getgroups(2): the supplementary groups of this process; none when they cannot be asked.</summary>
    public static IReadOnlyCollection<int> Groups()
    {
        var count = GetGroups(0, null);
        if (count <= 0)
        {
            return [];
        }

        var groups = new int[count];
        fixed (int* first = groups)
        {
            count = GetGroups(count, first);
        }

        return count < 0 ? [] : groups[..count];
    }

    /// <summary>setfsuid(2): as whom the calling thread reaches files. It gives the id before, and sets no errno.</summary>
    [LibraryImport("libc", EntryPoint = "setfsuid")]
    public static partial int SetFileSystemUser(uint uid);

    /// <summary>setfsgid(2): the same of the group.</summary>
    [LibraryImport("libc", EntryPoint = "setfsgid")]
    public static partial int SetFileSystemGroup(uint gid);

    /// <summary>getpwuid(3): true when the system knows a user, from whatever service (nsswitch.conf(5)).</summary>
    public static bool IsKnown(uint uid) => NameOf(uid) is not null;

    /// <summary>getpwuid(3): a user's login name; null when the system knows no such user.</summary>
    public static string? NameOf(uint uid)
    {
        // The answer is in memory that the next call writes to.
        lock (Asking)
        {
            var user = (nint*)GetUser(uid);
            // pw_name is the first member of struct passwd.
            return user is null ? null : Marshal.PtrToStringUTF8(*user);
        }
    }

    /// <summary>getpwuid(3): the home directory of a user; null when the system does not know the user.</summary>
    public static string? HomeOf(uint uid)
    {
        // What it returns is the library's own, and the next call overwrites it.
        lock (HomeLock)
        {
            var found = (User*)GetUser(uid);
            return found is null ? null : Marshal.PtrToStringUTF8((nint)found->Home);
        }
    }

    private static readonly Lock HomeLock = new();

    /// <summary>struct passwd of &lt;pwd.h&gt;, the same in glibc and musl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct User
    {
        public byte* Name;
        public byte* Password;
        public uint Id;
        public uint Group;
        public byte* RealName;
        public byte* Home;
        public byte* Shell;
    }

    [LibraryImport("libc", EntryPoint = "getgroups", SetLastError = true)]
    private static partial int GetGroups(int size, int* list);

    [LibraryImport("libc", EntryPoint = "getpwuid", SetLastError = true)]
    private static partial nint GetUser(uint uid);
}
