using System.Globalization;
using Torchyard.Platform;
using Torchyard.Platform.Text;

namespace Torchyard.Terminal;

/// <summary>What is known about a task in work, and its numbers as text.</summary>
/// <param name="Label">What is done.</param>
/// <param name="Done">Amount done.</param>
/// <param name="Total">Amount in all, or null.</param>
/// <param name="Unit">What the amounts count.</param>
/// <param name="Elapsed">Time since the task began.</param>
internal readonly record struct ProgressLine(string Label, long Done, long? Total, ProgressUnit Unit, TimeSpan Elapsed)
{
    private static readonly TimeSpan TooEarlyToTell = TimeSpan.FromSeconds(1);

    /// <summary>Part done, 0 to 1, or null when the total is not known.</summary>
    public double? Fraction => Total is > 0 ? Math.Clamp((double)Done / Total.Value, 0, 1) : null;

    /// <summary>Size, speed and time left, as far as they are known: <c>123 MB of 259 MB, 48 MB/s, 3 s left</c>.</summary>
    public string Numbers()
    {
        var text = Amounts();
        if (Elapsed < TooEarlyToTell || Done <= 0)
        {
            return text;
        }

        var speed = Done / Elapsed.TotalSeconds;
        if (Unit == ProgressUnit.Bytes)
        {
            text += $", {ByteSize.Decimal((long)speed)}/s";
        }

        if (Total is { } total && total > Done)
        {
            text += $", {Time(TimeSpan.FromSeconds(Math.Min((total - Done) / speed, 359_999)))} left";
        }

        return text;
    }

    /// <summary>A length of time as people say it: <c>0.4 s</c>, <c>12 s</c>, <c>3 min 05 s</c>, <c>1 h 02 min</c>.</summary>
    public static string Time(TimeSpan time)
    {
        // Rounded before it is divided, so that 59.7 s are a minute and not "0 min 59 s".
        var whole = TimeSpan.FromSeconds(Math.Round(time.TotalSeconds));
        return time.TotalSeconds switch
        {
            < 9.95 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
            < 59.5 => string.Create(CultureInfo.InvariantCulture, $"{whole.TotalSeconds:0} s"),
            < 3599.5 => $"{(int)whole.TotalMinutes} min {whole.Seconds:00} s",
            _ => $"{(int)whole.TotalHours} h {whole.Minutes:00} min",
        };
    }

    private string Amounts() => (Unit, Total) switch
    {
        (ProgressUnit.Bytes, { } total) => $"{ByteSize.Decimal(Done)} of {ByteSize.Decimal(total)}",
        (ProgressUnit.Bytes, null) => ByteSize.Decimal(Done),
        (_, { } total) => $"{Done} of {total}",
        _ => Done.ToString(CultureInfo.InvariantCulture),
    };
}
