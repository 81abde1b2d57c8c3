using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Torchyard.Platform.Text;

/// <summary>Lengths of time as people write and read them.</summary>
public static partial class Duration
{
    private static readonly (string Unit, long Seconds)[] Units = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

    /// <summary>Reads <c>90m</c>, <c>2h</c>, <c>1h30m</c>, <c>2d</c>, <c>45s</c>: whole numbers with a unit each, the largest unit
    /// first; blanks between them do not matter.</summary>
    /// <returns>False when the text is not a time, or is longer than a hundred years.</returns>
    public static bool TryParse(string text, out TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(text);
        time = default;
        var match = Form().Match(text);
        if (!match.Success || !Units.Any(unit => match.Groups[unit.Unit].Success))
        {
            return false;
        }

        var seconds = Units.Sum(unit =>
            match.Groups[unit.Unit] is { Success: true, ValueSpan: var digits }
                ? long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) * unit.Seconds
                : 0
        );
        if (seconds > 36_525L * 86_400)
        {
            return false;
        }

        time = TimeSpan.FromSeconds(seconds);
        return true;
    }

    /// <summary>The form that is read again: <c>1h30m</c>; <c>0s</c> for no time.</summary>
    public static string Written(TimeSpan time)
    {
        var text = new StringBuilder();
        foreach (var (unit, amount) in Parts(time))
        {
            text.Append(CultureInfo.InvariantCulture, $"{amount}{unit}");
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    /// <summary>For people, in at most two units: <c>2 h 10 min</c>, <c>45 s</c>, <c>3 d</c>; what is smaller is dropped.</summary>
    public static string Of(TimeSpan time)
    {
        var parts = Parts(time).Take(2).ToList();
        // An hour and some seconds is an hour.
        if (parts is [var (first, _), var (second, _)] && Place(second) - Place(first) > 1)
        {
            parts.RemoveAt(1);
        }

        return parts.Count == 0 ? "0 s" : string.Join(' ', parts.Select(part => $"{part.Amount} {(part.Unit == "m" ? "min" : part.Unit)}"));
    }

    private static int Place(string unit) => Array.FindIndex(Units, known => known.Unit == unit);

    private static IEnumerable<(string Unit, string Amount)> Parts(TimeSpan time)
    {
        var left = Math.Max(0, (long)time.TotalSeconds);
        foreach (var (unit, seconds) in Units)
        {
            if (left >= seconds)
            {
                yield return (unit, (left / seconds).ToString(CultureInfo.InvariantCulture));
                left %= seconds;
            }
        }
    }

    [GeneratedRegex(
        @"\A *(?:(?<d>[0-9]{1,9}) *d *)?(?:(?<h>[0-9]{1,9}) *h *)?(?:(?<m>[0-9]{1,9}) *m *)?(?:(?<s>[0-9]{1,10}) *s *)?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Form();
}
