using Torchyard.Platform.Text;

namespace Torchyard.Terminal;

/// <summary>Times as docker shows them.</summary>
internal static class AgeText
{
    /// <summary>How long ago: <c>3 minutes</c>.</summary>
    public static string Of(TimeSpan span) =>
        span switch
        {
            { TotalSeconds: < 1 } => "less than a second",
            { TotalSeconds: < 90 } => Count.Of((long)span.TotalSeconds, "second"),
            { TotalMinutes: < 90 } => Count.Of((long)span.TotalMinutes, "minute"),
            { TotalHours: < 48 } => Count.Of((long)span.TotalHours, "hour"),
            _ => Count.Of((long)span.TotalDays, "day"),
        };
}
