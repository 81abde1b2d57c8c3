using System.Runtime.InteropServices;

namespace Torchyard.Containers.Native;

/// <summary>The system calls that the base library does not offer. All set errno; see <see cref="Errno"/>.</summary>
internal static partial class Libc
{
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUserId();

    [LibraryImport(Library, EntryPoint = "getegid")]
    public static partial uint GetEffectiveGroupId();

    [LibraryImport(Library, EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);

    [LibraryImport(Library, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string? source, string target, string? type, ulong flags, string? data);

    [LibraryImport(Library, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport(Library, EntryPoint = "chdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeDirectory(string path);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int processId, int signal);

    [LibraryImport(Library, EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Execute(string path, byte** arguments, byte** environment);

    /// <summary>Replaces this process (execve(2)); returns only when that failed, with the error number.</summary>
    public static unsafe int Execute(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        // Never freed: the process is replaced, or reports the failure and ends.
        var code = Execute(path, ToVector(arguments), ToVector(environment));
        return code == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    private static unsafe byte** ToVector(IReadOnlyList<string> values)
    {
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
        {
            vector[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        }

        return vector;
    }
}
