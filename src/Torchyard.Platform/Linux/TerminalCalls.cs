using System.Runtime.InteropServices;

namespace Torchyard.Platform.Linux;

/// <summary>Terminals (termios(3), ioctl_tty(2)).</summary>
internal static unsafe partial class TerminalCalls
{
    private const nuint GetWindowSize = 0x5413; // TIOCGWINSZ
    private const nuint SetWindowSize = 0x5414; // TIOCSWINSZ

    /// <summary>Bytes that hold struct termios of every C library (glibc: 60).</summary>
    public const int AttributesSize = 256;

    /// <summary>isatty(3).</summary>
    public static bool IsTerminal(int descriptor) => IsTty(descriptor) == 1;

    /// <summary>Rows and columns; null when the descriptor is not a terminal.</summary>
    public static (ushort Rows, ushort Columns)? Size(int descriptor)
    {
        var size = new WindowSize();
        return ControlCalls.Device(descriptor, GetWindowSize, &size) == 0 ? (size.Rows, size.Columns) : null;
    }

    /// <summary>Sets rows and columns; the kernel tells the program by SIGWINCH. A terminal whose program just ended refuses.</summary>
    public static int SetSize(int descriptor, ushort rows, ushort columns)
    {
        var size = new WindowSize { Rows = rows, Columns = columns };
        return ControlCalls.Device(descriptor, SetWindowSize, &size);
    }

    /// <summary>tcgetattr(3).</summary>
    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    public static partial int GetAttributes(int descriptor, byte* termios);

    /// <summary>tcsetattr(3) with TCSANOW, which is 0.</summary>
    public static int SetAttributes(int descriptor, byte* termios) => SetAttributes(descriptor, 0, termios);

    /// <summary>cfmakeraw(3): changes the structure alone, and cannot fail.</summary>
    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    public static partial void MakeRaw(byte* termios);

    [LibraryImport("libc", EntryPoint = "isatty", SetLastError = true)]
    private static partial int IsTty(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int descriptor, int when, byte* termios);

    /// <summary>struct winsize.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsWide;
        public ushort PixelsHigh;
    }
}
