using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Machine.Files;

/// <summary>
/// The machine's files as seen under a root directory: <c>/</c> on a real machine, a recorded tree in tests.
/// Links are followed inside the root only. Everything here answers "absent" instead of failing: a machine without
/// a GPU, without <c>/proc</c> or without permissions is a normal input.
/// </summary>
public sealed class MachineFiles
{
    private const int MaxFileBytes = 4 << 20;

    private readonly string _root;

    /// <summary>Looks at the machine under a root.</summary>
    /// <param name="root">Absolute path of the root directory.</param>
    public MachineFiles(string root = "/") => _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    /// <summary>True when this is the running machine and not a recorded tree.</summary>
    public bool IsLive => _root is "/" or "";

    /// <summary>
    /// The path on this machine that a path inside the root stands for, links resolved inside the root; null when it does not exist.
    /// </summary>
    public string? RealPath(string path) => Resolve(path) is { } inside ? Outside(inside) : null;

    /// <summary>The path inside the root after following every link; null when it does not exist.</summary>
    public string? Resolve(string path)
    {
        // On the machine itself the C library follows all links in one call; a start asks for hundreds of paths.
        if (IsLive)
        {
            return StatusCalls.RealPath(path.StartsWith('/') ? path : "/" + path);
        }

        // A recorded tree has no links of the machine: they lead where they would on the machine that it was recorded on.
        if (LinkWalk.Follow(path, Target) is not { } current)
        {
            return null;
        }

        var outside = Outside(current);
        return File.Exists(outside) || Directory.Exists(outside) ? current : null;

        string? Target(string inside, int left)
        {
            try
            {
                return new FileInfo(Outside(inside)).LinkTarget ?? "";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
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
        {
            return null;
        }

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
        {
            return null;
        }

        try
        {
            // A FIFO or a device in the place of a file is absent. Files of /proc and /sys say length 0, so they are read until they end.
            using var stream = RegularFile.OpenRead(real);
            var buffer = new byte[Math.Min(limit, 4096)];
            var filled = 0;
            while (true)
            {
                if (filled == buffer.Length)
                {
                    if (filled == limit)
                    {
                        break;
                    }

                    Array.Resize(ref buffer, Math.Min(limit, buffer.Length * 4));
                }

                var read = stream.Read(buffer, filled, buffer.Length - filled);
                if (read == 0)
                {
                    break;
                }

                filled += read;
            }

            return buffer.AsSpan(0, filled).ToArray();
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or NotSupportedException
                        or TorchyardException { Code: PlatformCodes.NotRegular }
            )
        {
            return null;
        }
    }

    /// <summary>Names in a directory in ordinal order; none when it is absent or unreadable.</summary>
    public string[] List(string directory)
    {
        if (RealPath(directory) is not { } real)
        {
            return [];
        }

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
        {
            return null;
        }

        if (StatusCalls.Read(real) is not { } stat)
        {
            return null;
        }

        if (stat.IsCharacterDevice || stat.IsBlockDevice)
        {
            return new DeviceNode
            {
                Path = path,
                IsCharacter = stat.IsCharacterDevice,
                Major = (int)stat.DeviceMajor,
                Minor = (int)stat.DeviceMinor,
                Mode = stat.Mode & FileModes.Mask,
                Uid = (int)stat.User,
                Gid = (int)stat.Group,
            };
        }

        return IsLive ? null : DeviceNode.ParseRecorded(path, ReadText(path));
    }

    /// <summary>Owner of what a path leads to; null when it does not exist.</summary>
    public uint? Owner(string path) => RealPath(path) is { } real ? StatusCalls.Read(real)?.User : null;

    /// <summary>True for root and for whoever runs this program: nobody else is asked what a container is shown.</summary>
    public static bool IsTrusted(uint owner) => owner == 0 || owner == UserCalls.EffectiveUser();

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

    private string Outside(string inside) => _root.Length == 0 || _root == "/" ? inside : _root + inside;
}

/// <summary>A character or block device.</summary>
public sealed record DeviceNode
{
    /// <summary>Path inside the root.</summary>
    public required string Path { get; init; }

    /// <summary>False for a block device.</summary>
    public required bool IsCharacter { get; init; }

    /// <summary>Major number: which driver.</summary>
    public required int Major { get; init; }

    /// <summary>Minor number: which device of it.</summary>
    public required int Minor { get; init; }

    /// <summary>Permission bits.</summary>
    public required int Mode { get; init; }

    /// <summary>Owner.</summary>
    public required int Uid { get; init; }

    /// <summary>Group.</summary>
    public required int Gid { get; init; }

    /// <summary>True when members of its group may open it for reading and writing.</summary>
    public bool OpensToGroup => (Mode >> 3 & 6) == 6;

    /// <summary>True when a process with these ids may open it for reading and writing, by its mode alone.</summary>
    public bool IsOpenTo(int uid, IReadOnlyCollection<int> gids)
    {
        ArgumentNullException.ThrowIfNull(gids);
        if (uid == 0)
        {
            return true;
        }

        var bits =
            uid == Uid ? Mode >> 6
            : gids.Contains(Gid) ? Mode >> 3
            : Mode;
        return (bits & 6) == 6;
    }

    internal static DeviceNode? ParseRecorded(string path, string? text)
    {
        var fields = text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (fields is not [("c" or "b") and var kind, var numbers, var mode, var owner])
        {
            return null;
        }

        var device = numbers.Split(':');
        var ids = owner.Split(':');
        if (device.Length != 2 || ids.Length != 2)
        {
            return null;
        }

        try
        {
            return new DeviceNode
            {
                Path = path,
                IsCharacter = kind == "c",
                Major = int.Parse(device[0], CultureInfo.InvariantCulture),
                Minor = int.Parse(device[1], CultureInfo.InvariantCulture),
                Mode = Convert.ToInt32(mode, 8),
                Uid = int.Parse(ids[0], CultureInfo.InvariantCulture),
                Gid = int.Parse(ids[1], CultureInfo.InvariantCulture),
            };
        }
        catch (Exception failure) when (failure is FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }
}
