using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Flags of open(2), from asm-generic/fcntl.h.</summary>
internal static class OpenFlags
{
    /// <summary>O_RDONLY.</summary>
    public const int ReadOnly = 0;

    /// <summary>O_WRONLY.</summary>
    public const int WriteOnly = 0x1;

    /// <summary>O_RDWR.</summary>
    public const int ReadWrite = 0x2;

    /// <summary>O_CREAT.</summary>
    public const int Create = 0x40;

    /// <summary>O_EXCL.</summary>
    public const int Exclusive = 0x80;

    /// <summary>O_NOCTTY.</summary>
    public const int NoControllingTerminal = 0x100;

    /// <summary>O_NONBLOCK.</summary>
    public const int NonBlocking = 0x800;

    /// <summary>O_CLOEXEC.</summary>
    public const int CloseOnExec = 0x80000;

    /// <summary>O_PATH: a descriptor that stands for a place and opens nothing.</summary>
    public const int PathOnly = 0x200000;

    /// <summary>O_DIRECTORY.</summary>
    public static readonly int Directory = IsArm ? 0x4000 : 0x10000;

    /// <summary>O_NOFOLLOW.</summary>
    public static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    // asm/fcntl.h of arm64 has its own numbers for these two.
    private static bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
}
