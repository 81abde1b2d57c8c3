using System.Globalization;
using System.Runtime.InteropServices;

namespace Torchyard.Gpus.Machine;

/// <summary>
/// The machine's files as seen under a root directory: <c>/</c> on a real machine, a recorded tree in tests.
/// Links are followed inside the root only. Everything here answers "absent" instead of failing: a machine without
/// a GPU, without <c>/proc</c> or without permissions is a normal input.
/// </summary>
public sealed class MachineFiles
{
    private const int MaxLinks = 40;
    private const int MaxFileBytes = 4 << 20;

    private readonly string _root;

    /// <summary>Looks at the machine under a root.</summary>
    /// <param name="root">Absolute path of the root directory.</param>
    public MachineFiles(string root = "/") => _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    /// <summary>True when this is the running machine and not a recorded tree.</summary>
    public bool IsLive => _root is "/" or "";

    /// <summary>The path on this machine that a path inside the root stands for, links resolved inside the root; null when it does not exist.</summary>
    public string? RealPath(string path) => Resolve(path) is { } inside ? Outside(inside) : null;

    /// <summary>The path inside the root after following every link; null when it does not exist.</summary>
    public string? Resolve(string path)
    {
        // On the machine itself the C library follows all links in one call; a start asks for hundreds of paths.
        if (IsLive)
            return CanonicalPath.Of(path.StartsWith('/') ? path : "/" + path);
        var pending = new Stack<string>();
        Push(pending, path);
        var current = "";
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name is "." or "")
                continue;
            if (name == "..")
            {
                current = current[..Math.Max(0, current.LastIndexOf('/'))];
                continue;
            }

            var next = current + "/" + name;
            var info = new FileInfo(Outside(next));
            string? target;
            try
            {
                target = info.LinkTarget;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }

            if (target is not null)
            {
                if (++links > MaxLinks)
                    return null;
                if (target.StartsWith('/'))
                    current = "";
                Push(pending, target);
                continue;
            }

            current = next;
        }

        if (current.Length == 0)
            current = "/";
        var outside = Outside(current);
        return File.Exists(outside) || Directory.Exists(outside) ? current : null;
    }

    /// <summary>True when the path leads to a file, directory or device.</summary>
    public bool Exists(string path) => Resolve(path) is not null;

    /// <summary>True when the path leads to a directory.</summary>
    public bool IsDirectory(string path) => RealPath(path) is { } real && Directory.Exists(real);

    /// <summary>Target of a link as written, or null when the path is not a link.</summary>
    public string? LinkTarget(string path)
    {
        var slash = path.LastIndexOf('/');
        if (Resolve(slash <= 0 ? "/" : path[..slash]) is not { } directory)
            return null;
        try
        {
            return new FileInfo(Outside(Path.Combine(directory, path[(slash + 1)..]))).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The text of a file of at most 4 MiB, trimmed at the end; null when it is absent or unreadable.</summary>
    public string? ReadText(string path) =>
        ReadBytes(path) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes).TrimEnd('\n', '\0', ' ') : null;

    /// <summary>The lines of a file; none when it is absent or unreadable.</summary>
    public string[] ReadLines(string path) => ReadText(path) is { Length: > 0 } text ? text.Split('\n') : [];

    /// <summary>A whole number that is a file's only content, as in sysfs; null when it is something else.</summary>
    public long? ReadNumber(string path) =>
        long.TryParse(ReadText(path)?.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;

    /// <summary>The first bytes of a file, at most 4 MiB; null when it is absent or unreadable.</summary>
    public byte[]? ReadBytes(string path, int limit = MaxFileBytes)
    {
        if (RealPath(path) is not { } real)
            return null;
        try
        {
            // Files of /proc and /sys say length 0, so they are read until they end.
            using var stream = new FileStream(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var buffer = new byte[Math.Min(limit, 4096)];
            var filled = 0;
            while (true)
            {
                if (filled == buffer.Length)
                {
                    if (filled == limit)
                        break;
                    Array.Resize(ref buffer, Math.Min(limit, buffer.Length * 4));
                }

                var read = stream.Read(buffer, filled, buffer.Length - filled);
                if (read == 0)
                    break;
                filled += read;
            }

            return buffer.AsSpan(0, filled).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Names in a directory in ordinal order; none when it is absent or unreadable.</summary>
    public string[] List(string directory)
    {
        if (RealPath(directory) is not { } real)
            return [];
        try
        {
            var names = Directory.EnumerateFileSystemEntries(real).Select(Path.GetFileName).OfType<string>().ToArray();
            Array.Sort(names, StringComparer.Ordinal);
            return names;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// A device node; null when the path is none. In a recorded tree a device is a text file <c>c 195:255 0666 0:0</c>
    /// (kind, major:minor, mode in octal, uid:gid), because device files cannot be kept in a repository.
    /// </summary>
    public DeviceNode? Device(string path)
    {
        if (RealPath(path) is not { } real)
            return null;
        if (StatX.Read(real) is not { } stat)
            return null;
        if ((stat.Mode & 0xF000) is 0x2000 or 0x6000)
        {
            return new DeviceNode(
                path, (stat.Mode & 0xF000) == 0x2000, (int)stat.DeviceMajor, (int)stat.DeviceMinor, stat.Mode & 0xFFF, (int)stat.Uid, (int)stat.Gid);
        }

        return IsLive ? null : DeviceNode.ParseRecorded(path, ReadText(path));
    }

    /// <summary>Free and total bytes of the file system that holds a path; null in a recorded tree or when it cannot be asked.</summary>
    public (long Free, long Total)? Space(string path)
    {
        if (!IsLive)
        {
            // A recorded tree holds the answer of statfs(2) beside the directory: "FREE TOTAL".
            var parts = ReadText(path.TrimEnd('/') + ".space")?.Split(' ');
            return parts is [var free, var total] && long.TryParse(free, out var f) && long.TryParse(total, out var t) ? (f, t) : null;
        }

        try
        {
            var drive = new DriveInfo(path);
            return (drive.AvailableFreeSpace, drive.TotalSize);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static void Push(Stack<string> pending, string path)
    {
        var parts = path.Split('/');
        for (var i = parts.Length - 1; i >= 0; i--)
            pending.Push(parts[i]);
    }

    private string Outside(string inside) => _root.Length == 0 || _root == "/" ? inside : _root + inside;
}

/// <summary>A character or block device.</summary>
/// <param name="Path">Path inside the root.</param>
/// <param name="IsCharacter">False for a block device.</param>
/// <param name="Major">Major number: which driver.</param>
/// <param name="Minor">Minor number: which device of it.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
public sealed record DeviceNode(string Path, bool IsCharacter, int Major, int Minor, int Mode, int Uid, int Gid)
{
    /// <summary>True when a process with these ids may open it for reading and writing, by its mode alone.</summary>
    public bool IsOpenTo(int uid, IReadOnlyCollection<int> gids)
    {
        ArgumentNullException.ThrowIfNull(gids);
        if (uid == 0)
            return true;
        var bits = uid == Uid ? Mode >> 6 : gids.Contains(Gid) ? Mode >> 3 : Mode;
        return (bits & 6) == 6;
    }

    internal static DeviceNode? ParseRecorded(string path, string? text)
    {
        var fields = text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (fields is not [("c" or "b") and var kind, var numbers, var mode, var owner])
            return null;
        var device = numbers.Split(':');
        var ids = owner.Split(':');
        if (device.Length != 2 || ids.Length != 2)
            return null;
        try
        {
            return new DeviceNode(
                path, kind == "c", int.Parse(device[0], CultureInfo.InvariantCulture), int.Parse(device[1], CultureInfo.InvariantCulture),
                Convert.ToInt32(mode, 8), int.Parse(ids[0], CultureInfo.InvariantCulture), int.Parse(ids[1], CultureInfo.InvariantCulture));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>realpath(3).</summary>
internal static unsafe partial class CanonicalPath
{
    private const int PathMax = 4096;

    /// <summary>The path with every link followed; null when it does not exist or may not be looked at.</summary>
    internal static string? Of(string path)
    {
        var buffer = stackalloc byte[PathMax];
        return Call(path, buffer) is null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* Call(string path, byte* resolved);
}

/// <summary>statx(2), whose structure is the same on every architecture (linux/stat.h, struct statx).</summary>
internal static unsafe partial class StatX
{
    private const int AtCurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;

    /// <summary>What of struct statx is used here.</summary>
    internal readonly record struct Result(int Mode, uint Uid, uint Gid, uint DeviceMajor, uint DeviceMinor);

    internal static Result? Read(string path)
    {
        Buffer buffer;
        return Call(AtCurrentDirectory, path, 0, BasicStats, &buffer) == 0
            ? new Result(buffer.Mode, buffer.Uid, buffer.Gid, buffer.DeviceMajor, buffer.DeviceMinor)
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Call(int directory, string path, int flags, uint mask, Buffer* buffer);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Buffer
    {
        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(24)]
        public uint Gid;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(128)]
        public uint DeviceMajor;

        [FieldOffset(132)]
        public uint DeviceMinor;
    }
}
