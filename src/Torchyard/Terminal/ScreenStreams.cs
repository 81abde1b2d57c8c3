using System.Text;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Terminal;

/// <summary>Where text goes and what that place can show.</summary>
internal sealed record ScreenStreams
{
    /// <summary>Where nobody tells.</summary>
    internal const int DefaultWidth = 80;

    /// <summary>Results.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Progress, notes, warnings, errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Answers of the user; null where nobody can be asked.</summary>
    public TextReader? Input { get; init; }

    /// <summary>Opens what is piped in, for a verb that reads it as a whole.</summary>
    public Func<Stream> Piped { get; init; } = static () => Stream.Null;

    /// <summary>Shows nothing of what is typed, until the result is disposed of; null where there is nothing to hide.</summary>
    public Func<IDisposable?> HideInput { get; init; } = static () => null;

    /// <summary>Standard output is a terminal.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Standard error is a terminal.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>
    /// Standard output ends at a terminal, be it one without abilities (<c>TERM=dumb</c>), which may obey sequences all the same.
    /// </summary>
    public bool OutputReachesTerminal { get; init; }

    /// <summary>Standard error ends at a terminal; see <see cref="OutputReachesTerminal"/>.</summary>
    public bool ErrorReachesTerminal { get; init; }

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
            Output = new StreamWriter(new DescriptorOutputStream(StandardDescriptor.Output), utf8) { AutoFlush = true },
            Error = new StreamWriter(new DescriptorOutputStream(StandardDescriptor.Error), utf8) { AutoFlush = true },
            // One byte at a time: what is typed beyond the answer belongs to whoever reads next.
            Input =
                StandardDescriptor.IsTerminal(StandardDescriptor.Input) && StandardDescriptor.IsTerminal(StandardDescriptor.Error)
                    ? new StreamReader(
                        new DescriptorInputStream(StandardDescriptor.Input),
                        utf8,
                        detectEncodingFromByteOrderMarks: false,
                        bufferSize: 1
                    )
                    : null,
            HideInput = static () => HiddenInput.Begin(StandardDescriptor.Input),
            Piped = static () => new DescriptorInputStream(StandardDescriptor.Input),
            OutputIsTerminal = !dumb && StandardDescriptor.IsTerminal(StandardDescriptor.Output),
            ErrorIsTerminal = !dumb && StandardDescriptor.IsTerminal(StandardDescriptor.Error),
            OutputReachesTerminal = StandardDescriptor.IsTerminal(StandardDescriptor.Output),
            ErrorReachesTerminal = StandardDescriptor.IsTerminal(StandardDescriptor.Error),
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
            if (TerminalCalls.Size(descriptor) is { Columns: > 0 } size)
            {
                return size.Columns;
            }
        }

        return DefaultWidth;
    }
}
