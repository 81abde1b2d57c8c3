namespace Torchyard.Platform.Linux;

/// <summary>Where a relative path begins and what happens to its last part: the AT_ numbers of linux/fcntl.h.</summary>
internal static class At
{
    /// <summary>AT_FDCWD, in place of a directory.</summary>
    public const int CurrentDirectory = -100;

    /// <summary>AT_SYMLINK_NOFOLLOW.</summary>
    public const int NoFollow = 0x100;

    /// <summary>AT_REMOVEDIR, of unlinkat(2).</summary>
    public const int RemoveDirectory = 0x200;

    /// <summary>AT_EMPTY_PATH: with an empty path, what the descriptor itself stands for.</summary>
    public const int EmptyPath = 0x1000;

    /// <summary>AT_RECURSIVE, of the calls for mounts.</summary>
    public const int Recursive = 0x8000;
}
