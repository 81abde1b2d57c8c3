using System.Globalization;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;

namespace Torchyard.Terminal;

/// <summary>What is known about a task in work, and its numbers as text.</summary>
internal readonly record struct ProgressLine
{
    /// <summary>What is done.</summary>
    public required string Label { get; init; }

    /// <summary>Amount done.</summary>
    public required long Done { get; init; }

    /// <summary>Amount in all, or null.</summary>
    public required long? Total { get; init; }

    /// <summary>What the amounts count.</summary>
    public required ProgressUnit Unit { get; init; }

    /// <summary>Time since the task began.</summary>
    public required TimeSpan Elapsed { get; init; }

    private const double LongestGuess = 24 * 3600;

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

        // A guess of days is none: it is made of the first bytes.
        if (Total is { } total && total > Done && (total - Done) / speed is var left and < LongestGuess)
        {
            text += $", {Time(TimeSpan.FromSeconds(left))} left";
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

    private string Amounts() =>
        (Unit, Total) switch
        {
            (ProgressUnit.Bytes, { } total) => $"{ByteSize.Decimal(Math.Min(Done, total))} of {ByteSize.Decimal(total)}",
            (ProgressUnit.Bytes, null) => ByteSize.Decimal(Done),
            (_, { } total) => $"{Math.Min(Done, total)} of {total}",
            _ => Done.ToString(CultureInfo.InvariantCulture),
        };
}
