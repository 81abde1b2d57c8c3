using System.Globalization;

namespace Torchyard.Platform.Text;

/// <summary>Amounts of bytes as people write and read them.</summary>
public static class ByteSize
{
    /// <summary>
    /// Reads <c>512</c>, <c>64k</c>, <c>1.5G</c>, <c>8GiB</c>, <c>300MB</c>. A bare letter and <c>KiB</c>… count in 1024s as docker and
    /// systemd do; <c>kB</c>, <c>MB</c>, <c>GB</c>, <c>TB</c> count in 1000s (SI). Case does not matter; fractions of a byte are dropped.
    /// </summary>
    /// <returns>False when the text is not a size, is negative, or is too large for 63 bits.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = 0;
        var number = text.AsSpan().Trim();
        var digits = 0;
        while (digits < number.Length && (char.IsAsciiDigit(number[digits]) || number[digits] == '.'))
        {
            digits++;
        }

        var unit = number[digits..].Trim();
        if (
            !decimal.TryParse(number[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)
            || Multiplier(unit) is not { } multiplier
        )
        {
            return false;
        }

        try
        {
            bytes = (long)decimal.Truncate(amount * multiplier);
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    /// <summary>Decimal units as disks, networks and package tools show them: <c>917 B</c>, <c>1.4 kB</c>, <c>259 MB</c>.</summary>
    public static string Decimal(long bytes) => Format(bytes, 1000, ["B", "kB", "MB", "GB", "TB", "PB", "EB"]);

    /// <summary>Binary units as memory limits are given: <c>8 GiB</c>, <c>512 MiB</c>.</summary>
    public static string Binary(long bytes) => Format(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]);

    private static string Format(long bytes, int step, ReadOnlySpan<string> units)
    {
        var value = (double)bytes;
        var unit = 0;
        // 999.5 would print as 1000 of the smaller unit.
        while (Math.Abs(value) >= step - 0.5 && unit < units.Length - 1)
        {
            value /= step;
            unit++;
        }

        var pattern = unit > 0 && Math.Abs(value) < 9.95 ? "0.#" : "0";
        return string.Create(CultureInfo.InvariantCulture, $"{value.ToString(pattern, CultureInfo.InvariantCulture)} {units[unit]}");
    }

    private static decimal? Multiplier(ReadOnlySpan<char> unit)
    {
        if (unit.IsEmpty || unit is "B" or "b")
        {
            return 1;
        }

        var power = "kmgtpe".IndexOf(char.ToLowerInvariant(unit[0]), StringComparison.Ordinal) + 1;
        if (power == 0)
        {
            return null;
        }

        var rest = unit[1..];
        var step =
            rest.IsEmpty || rest.Equals("iB", StringComparison.OrdinalIgnoreCase) ? 1024m
            : rest.Equals("B", StringComparison.OrdinalIgnoreCase) ? 1000m
            : 0m;
        if (step == 0)
        {
            return null;
        }

        var multiplier = 1m;
        for (var i = 0; i < power; i++)
        {
            multiplier *= step;
        }

        return multiplier;
    }
}
