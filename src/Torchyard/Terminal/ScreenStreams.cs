using System.Runtime.InteropServices;
using System.Text;

namespace Torchyard.Terminal;

/// <summary>Where text goes and what that place can show.</summary>
internal sealed record ScreenStreams
{
    private const int DefaultWidth = 80;

    /// <summary>Results.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Progress, notes, warnings, errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard output is a terminal.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Standard error is a terminal.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Colours are wanted where there is a terminal (no-color.org; TERM is not dumb).</summary>
    public bool Colours { get; init; }

    /// <summary>The terminal shows more than ASCII.</summary>
    public bool Unicode { get; init; }

    /// <summary>Asks for the terminal's width in columns; it changes when the window does.</summary>
    public Func<int> Width { get; init; } = () => DefaultWidth;

    /// <summary>The streams of this process.</summary>
    public static ScreenStreams OfThisProcess(Func<string, string?> variable)
    {
        var dumb = variable("TERM") is null or "" or "dumb";
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new ScreenStreams
        {
            Output = new StreamWriter(new StandardStream(1), utf8) { AutoFlush = true },
            Error = new StreamWriter(new StandardStream(2), utf8) { AutoFlush = true },
            OutputIsTerminal = !dumb && !Console.IsOutputRedirected,
            ErrorIsTerminal = !dumb && !Console.IsErrorRedirected,
            Colours = string.IsNullOrEmpty(variable("NO_COLOR")),
            Unicode = IsUtf8(variable),
            Width = WidthOfTerminal,
        };
    }

    // locale(7): LC_ALL overrides LC_CTYPE overrides LANG.
    private static bool IsUtf8(Func<string, string?> variable)
    {
        string[] names = ["LC_ALL", "LC_CTYPE", "LANG"];
        var locale = names.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value)) ?? "";
        return locale.Contains("utf8", StringComparison.OrdinalIgnoreCase) || locale.Contains("utf-8", StringComparison.OrdinalIgnoreCase);
    }

    private static int WidthOfTerminal()
    {
        foreach (var descriptor in (ReadOnlySpan<int>)[2, 1])
        {
            if (NativeMethods.GetWindowSize(descriptor, NativeMethods.TerminalGetWindowSize, out var size) == 0 && size.Columns > 0)
            {
                return size.Columns;
            }
        }

        return DefaultWidth;
    }
}

/// <summary>struct winsize of ioctl_tty(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct WindowSize
{
    public ushort Rows;
    public ushort Columns;
    public ushort PixelsWide;
    public ushort PixelsHigh;
}

internal static partial class NativeMethods
{
    public const nuint TerminalGetWindowSize = 0x5413;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int GetWindowSize(int descriptor, nuint request, out WindowSize size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ReadOnlySpan<byte> buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollEntry entry, nuint count, int timeout);
}
