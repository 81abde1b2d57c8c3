using System.Runtime.InteropServices;

namespace Torchyard.Containers.Terminals;

/// <summary>Raw mode of the caller's terminal (termios(3)); disposing gives it back as it was.</summary>
internal sealed unsafe partial class TerminalMode : IDisposable
{
    private const int Now = 0;

    /// <summary>Larger than struct termios on every C library (glibc: 60 bytes).</summary>
    private const int Size = 256;

    private readonly byte[] _before;
    private readonly int _descriptor;

    private TerminalMode(int descriptor, byte[] before)
    {
        _descriptor = descriptor;
        _before = before;
    }

    /// <summary>True when the descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => IsTty(descriptor) == 1;

    /// <summary>Switches a terminal to raw mode; null when the descriptor is none.</summary>
    public static TerminalMode? MakeRaw(int descriptor)
    {
        var before = new byte[Size];
        var raw = new byte[Size];
        fixed (byte* saved = before)
        fixed (byte* changed = raw)
        {
            if (GetAttributes(descriptor, saved) != 0)
            {
                return null;
            }

            before.CopyTo(raw, 0);
            MakeRaw(changed);
            return SetAttributes(descriptor, Now, changed) == 0 ? new TerminalMode(descriptor, before) : null;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        fixed (byte* saved = _before)
        {
            _ = SetAttributes(_descriptor, Now, saved);
        }
    }

    [LibraryImport("libc", EntryPoint = "isatty")]
    private static partial int IsTty(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int descriptor, byte* termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int descriptor, int when, byte* termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* termios);
}

/// <summary>Size of a terminal (ioctl_tty(2)).</summary>
internal static unsafe partial class TerminalSize
{
    private const nuint Get = 0x5413;
    private const nuint Set = 0x5414;

    /// <summary>Rows and columns, or null when the descriptor is no terminal.</summary>
    public static (ushort Rows, ushort Columns)? Of(int descriptor)
    {
        var size = stackalloc ushort[4];
        return Control(descriptor, Get, size) == 0 ? (size[0], size[1]) : null;
    }

    /// <summary>Sets rows and columns; the kernel tells the program by SIGWINCH.</summary>
    public static void Change(int descriptor, ushort rows, ushort columns)
    {
        var size = stackalloc ushort[4];
        size[0] = rows;
        size[1] = columns;
        size[2] = 0;
        size[3] = 0;
        // A terminal whose program just ended refuses; there is nothing left to resize.
        _ = Control(descriptor, Set, size);
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, nuint request, ushort* size);
}
