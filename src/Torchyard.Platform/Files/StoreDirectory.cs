using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>Makes directories of a store: with modes of their own, which no umask changes.</summary>
public static class StoreDirectory
{
    /// <summary>For its owner alone.</summary>
    public const UnixFileMode OwnerOnly = (UnixFileMode)FileModes.PrivateDirectory;

    /// <summary>Others may look and enter, and change nothing.</summary>
    public const UnixFileMode Readable = (UnixFileMode)FileModes.Directory;

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>
    /// Makes a directory and those above it that are missing, each with mode 0755 or the given one. One that is there stays as it is.
    /// </summary>
    public static void Create(string path, UnixFileMode mode = Readable)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        var missing = new Stack<string>();
        for (var place = Path.GetFullPath(path); !Directory.Exists(place); place = Path.GetDirectoryName(place)!)
        {
            missing.Push(place);
        }

        while (missing.TryPop(out var place))
        {
            Directory.CreateDirectory(place, mode);
            if (File.GetUnixFileMode(place) != mode)
            {
                File.SetUnixFileMode(place, mode);
            }
        }
    }

    /// <summary>Gives a directory that is there the mode that it must have, if it is this user's to change.</summary>
    internal static void Correct(string path, UnixFileMode mode)
    {
        if (new DirectoryInfo(path) is { Exists: true, LinkTarget: null } directory && directory.UnixFileMode != mode)
        {
            TrySet(path, mode);
        }
    }

    /// <summary>
    /// Gives a directory of an ordinary user its first group, in place of one that it has from the directory around it: other groups are
    /// not known in the user's namespaces, and root there has no rights on what belongs to them. What is made in it afterwards has the
    /// first group, too.
    /// </summary>
    internal static void TakeGroup(string path)
    {
        if (Environment.IsPrivilegedProcess || new DirectoryInfo(path) is not { Exists: true, LinkTarget: null } directory)
        {
            return;
        }

        if ((directory.UnixFileMode & UnixFileMode.SetGroup) != 0)
        {
            TrySet(path, directory.UnixFileMode & ~UnixFileMode.SetGroup);
        }

        // Refused for what is somebody else's.
        _ = OwnerCalls.SetOfLink(path, uint.MaxValue, UserCalls.EffectiveGroup());
    }

    /// <summary>Gives a file that is there the mode that it must have, if it is this user's to change.</summary>
    internal static void CorrectFile(string path, UnixFileMode mode)
    {
        if (new FileInfo(path) is { Exists: true, LinkTarget: null } file && file.UnixFileMode != mode)
        {
            TrySet(path, mode);
        }
    }

    /// <summary>Takes from others the right to change a directory or file, and leaves what they may read.</summary>
    internal static void Seal(string path)
    {
        if (
            new FileInfo(path) is { LinkTarget: null }
            && Path.Exists(path)
            && File.GetUnixFileMode(path) is var mode
            && (mode & OthersWrite) != 0
        )
        {
            TrySet(path, mode & ~OthersWrite);
        }
    }

    private static void TrySet(string path, UnixFileMode mode)
    {
        try
        {
            File.SetUnixFileMode(path, mode);
        }
        catch (UnauthorizedAccessException)
        {
            // Somebody else's: whoever owns the store corrects it.
        }
    }
}
