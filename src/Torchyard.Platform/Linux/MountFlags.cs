namespace Torchyard.Platform.Linux;

/// <summary>Flags of mount(2), umount2(2) and unshare(2).</summary>
internal static class MountFlags
{
    /// <summary>MS_NOSUID.</summary>
    public const ulong NoSetUserId = 0x2;

    /// <summary>MS_NODEV.</summary>
    public const ulong NoDevices = 0x4;

    /// <summary>MS_REMOUNT.</summary>
    public const ulong Remount = 0x20;

    /// <summary>MS_BIND.</summary>
    public const ulong Bind = 0x1000;

    /// <summary>MS_REC.</summary>
    public const ulong Recursive = 0x4000;

    /// <summary>MS_SLAVE.</summary>
    public const ulong Slave = 0x80000;

    /// <summary>MNT_DETACH.</summary>
    public const int Detach = 0x2;

    /// <summary>CLONE_NEWNS.</summary>
    public const int NewMountNamespace = 0x20000;
}
