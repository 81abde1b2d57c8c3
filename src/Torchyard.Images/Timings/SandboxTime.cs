using System.Globalization;
using System.Text.RegularExpressions;
using Torchyard.Images.Sandbox;

namespace Torchyard.Images.Timings;

/// <summary>
/// CPU time of a program in the sandbox, which prints it last: two lines as the shell's <c>times</c> writes them (POSIX, "times").
/// </summary>
internal static partial class SandboxTime
{
    // The shell itself and its children, user and system each: 0m0.002s 0m0.004s
    [GeneratedRegex(
        @"^([0-9]+)m([0-9]+(?:\.[0-9]+)?)s ([0-9]+)m([0-9]+(?:\.[0-9]+)?)s\n([0-9]+)m([0-9]+(?:\.[0-9]+)?)s ([0-9]+)m([0-9]+(?:\.[0-9]+)?)s\z"
    )]
    private static partial Regex Lines();

    /// <summary>User and system time; zero when the program did not print them.</summary>
    internal static TimeSpan Of(SandboxResult result)
    {
        var lines = result.Tail.TrimEnd('\n').Split('\n');
        if (lines.Length < 2 || Lines().Match($"{lines[^2]}\n{lines[^1]}") is not { Success: true } match)
        {
            return TimeSpan.Zero;
        }

        var sum = TimeSpan.Zero;
        for (var group = 1; group < match.Groups.Count; group += 2)
        {
            sum +=
                TimeSpan.FromMinutes(int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture))
                + TimeSpan.FromSeconds(double.Parse(match.Groups[group + 1].Value, CultureInfo.InvariantCulture));
        }

        return sum;
    }
}
