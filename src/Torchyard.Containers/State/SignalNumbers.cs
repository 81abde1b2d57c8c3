using System.Globalization;

namespace Torchyard.Containers.State;

/// <summary>Signals by name (signal(7), the numbers of x86-64 and ARM).</summary>
public static class SignalNumbers
{
    /// <summary>SIGHUP.</summary>
    public const int HangUp = 1;

    /// <summary>SIGINT.</summary>
    public const int Interrupt = 2;

    /// <summary>SIGQUIT.</summary>
    public const int Quit = 3;

    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGSTOP.</summary>
    public const int Stop = 19;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    private static readonly string[] Names =
    [
        "",
        "HUP",
        "INT",
        "QUIT",
        "ILL",
        "TRAP",
        "ABRT",
        "BUS",
        "FPE",
        "KILL",
        "USR1",
        "SEGV",
        "USR2",
        "PIPE",
        "ALRM",
        "TERM",
        "STKFLT",
        "CHLD",
        "CONT",
        "STOP",
        "TSTP",
        "TTIN",
        "TTOU",
        "URG",
        "XCPU",
        "XFSZ",
        "VTALRM",
        "PROF",
        "WINCH",
        "IO",
        "PWR",
        "SYS",
    ];

    /// <summary>Number of <c>SIGTERM</c>, <c>TERM</c>, <c>15</c>, <c>SIGRTMIN+3</c>; null for anything else.</summary>
    public static int? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number is > 0 and <= 64 ? number : null;
        }

        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        const int RealTimeMinimum = 34;
        if (name.StartsWith("RTMIN", StringComparison.Ordinal))
        {
            var offset =
                name.Length == 5 ? 0
                : int.TryParse(name.AsSpan(5).TrimStart('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n
                : -1;
            return offset is >= 0 and <= 30 ? RealTimeMinimum + offset : null;
        }

        var index = Array.IndexOf(Names, name);
        return index > 0 ? index : null;
    }
}
