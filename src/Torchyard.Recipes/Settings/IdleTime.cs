using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Recipes.Settings;

/// <summary>For how long GPUs of an environment must be idle until they are given back, as recipe and command line say it.</summary>
public static class IdleTime
{
    /// <summary>Code of a time that cannot be read or is out of range.</summary>
    public const string Unreadable = "TY5019";

    /// <summary>What to write instead.</summary>
    public const string Cure = "write a time such as 2h, 90m or 1h30m, from 10s to 30d, or off";

    /// <summary>The shortest: looks at the GPUs are a second apart at least.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);

    /// <summary>The longest.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>Reads <c>2h</c>, <c>1h30m</c>; zero for <c>off</c> and <c>0</c>, which are never.</summary>
    /// <param name="text">As it was written.</param>
    /// <param name="time">The time.</param>
    /// <returns>What is wrong with it; null for nothing.</returns>
    public static string? Read(string text, out TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(text);
        time = TimeSpan.Zero;
        if (text is "off" or "0")
        {
            return null;
        }

        return !Duration.TryParse(text, out time) ? $"'{text}' is not a time"
            : time == TimeSpan.Zero || (time >= Shortest && time <= Longest) ? null
            : $"'{text}' is too {(time < Shortest ? "short" : "long")}";
    }

    /// <summary>Reads what stands on the command line.</summary>
    /// <exception cref="TorchyardException">TY5019: it cannot be read.</exception>
    public static TimeSpan Require(string text) =>
        Read(text, out var time) is { } wrong
            ? throw new TorchyardException(Unreadable, $"--idle-release: {wrong}", Cure) { IsUsage = true }
            : time;

    /// <summary>The form that is read again.</summary>
    public static string Written(TimeSpan time) => time == TimeSpan.Zero ? "off" : Duration.Written(time);

    /// <summary>For people.</summary>
    public static string Shown(TimeSpan time) => time == TimeSpan.Zero ? "off" : Duration.Of(time);
}
