namespace Torchyard.Platform.Linux;

/// <summary>How openat2(2) treats links and <c>..</c> on the way (RESOLVE_ of linux/openat2.h).</summary>
[Flags]
internal enum ResolveFlags : ulong
{
    /// <summary>RESOLVE_NO_MAGICLINKS: those of /proc are not followed.</summary>
    NoMagicLinks = 0x02,

    /// <summary>RESOLVE_NO_SYMLINKS: no link of any kind is followed.</summary>
    NoLinks = 0x04,

    /// <summary>RESOLVE_BENEATH: what leads out of the directory is refused.</summary>
    Beneath = 0x08,

    /// <summary>RESOLVE_IN_ROOT: the directory is the root, for absolute links and <c>..</c> too.</summary>
    InRoot = 0x10,
}
