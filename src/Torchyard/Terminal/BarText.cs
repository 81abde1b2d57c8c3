namespace Torchyard.Terminal;

/// <summary>One live bar as a line of text that fits the terminal.</summary>
internal static class BarText
{
    private const int WidestBar = 30;
    private const int NarrowestBar = 10;
    private const string Spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
    private const string PlainSpinner = "|/-\\";

    public static string Of(ProgressLine line, int width, int frame, bool unicode, bool colours)
    {
        var spinner = unicode ? Spinner[frame % Spinner.Length] : PlainSpinner[frame % PlainSpinner.Length];
        var numbers = line is { Done: 0, Total: null } ? ProgressLine.Time(line.Elapsed) : line.Numbers();
        var start = $"{spinner} {line.Label}  ";
        var room = width - PlainText.Columns(start) - 2 - PlainText.Columns(numbers);
        if (line.Fraction is not { } fraction || room < NarrowestBar)
        {
            return PlainText.Fit(start + numbers, width, unicode);
        }

        var length = Math.Min(WidestBar, room);
        var full = (int)(fraction * length);
        var (done, open) = unicode ? ('━', '─') : ('#', '.');
        return start
            + Style.Cyan.Apply(new string(done, full), colours)
            + Style.Faint.Apply(new string(open, length - full), colours)
            + "  "
            + numbers;
    }
}
