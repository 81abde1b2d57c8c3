namespace Torchyard.Containers.Native;

/// <summary>Flags of mount(2), umount2(2) and unshare(2).</summary>
internal static class MountFlags
{
    public const ulong ReadOnly = 0x1;
    public const ulong NoSetUserId = 0x2;
    public const ulong NoDevices = 0x4;
    public const ulong NoExecute = 0x8;
    public const ulong Remount = 0x20;
    public const ulong Bind = 0x1000;
    public const ulong Recursive = 0x4000;
    public const ulong Private = 0x40000;
    public const ulong Slave = 0x80000;

    public const int Detach = 0x2;

    public const int NewMountNamespace = 0x20000;
}
