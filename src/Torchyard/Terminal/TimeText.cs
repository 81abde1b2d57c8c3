using System.Globalization;

namespace Torchyard.Terminal;

/// <summary>Times in answers for programs: RFC 3339 in UTC, as docker and images have it.</summary>
internal static class TimeText
{
    /// <summary>A time; null for what has not happened.</summary>
    /// <param name="milliseconds">Since 1970; 0 for never.</param>
    public static string? Of(long milliseconds) =>
        milliseconds == 0
            ? null
            : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
