using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Platform.Errors;

namespace Torchyard.Commands;

/// <summary>The option with which verbs take the time that a container has to end.</summary>
internal static class TimeOption
{
    /// <summary><c>--time</c>, and as podman and newer dockers have it.</summary>
    public static Option<int?> Create() =>
        new("--time", "--timeout", "-t")
        {
            Description = "Seconds until it is killed, -1 for never (default: the container's own)",
            HelpName = "SECONDS",
        };

    /// <summary>Its value; null for the container's own.</summary>
    /// <exception cref="TorchyardException">TY9001: it is not a time.</exception>
    public static TimeSpan? Read(Invocation invocation, Option<int?> option) =>
        invocation.Get(option) switch
        {
            null => null,
            -1 => Timeout.InfiniteTimeSpan,
            >= 0 and var seconds => TimeSpan.FromSeconds(seconds),
            var other => throw new TorchyardException(
                "TY9001",
                string.Create(CultureInfo.InvariantCulture, $"--time {other} is not a time"),
                "write a number of seconds, or -1 to wait as long as it takes"
            )
            {
                IsUsage = true,
            },
        };
}
