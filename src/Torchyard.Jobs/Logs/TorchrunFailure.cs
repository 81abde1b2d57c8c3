using System.Globalization;
using System.Text.RegularExpressions;

namespace Torchyard.Jobs.Logs;

/// <summary>
/// The root cause in the table that torchrun prints at its end (torch/distributed/elastic/multiprocessing/errors), which it knows by time.
/// </summary>
internal sealed partial record TorchrunFailure
{
    /// <summary>Rank; null until its line came.</summary>
    public int? Rank { get; init; }

    /// <summary>Host; null until its line came.</summary>
    public string? Host { get; init; }

    /// <summary>Exit status, negative for a signal; null until its line came.</summary>
    public int? Status { get; init; }

    /// <summary>What is known after one more line.</summary>
    public static TorchrunFailure? Next(TorchrunFailure? known, string line)
    {
        if (line.Contains("Root Cause (first observed failure):", StringComparison.Ordinal))
        {
            // Each node prints a table; the first is the earliest.
            return known ?? new TorchrunFailure();
        }

        if (known is null or { Status: not null } || Field().Match(line) is not { Success: true } match)
        {
            return known;
        }

        var value = match.Groups["value"].Value;
        return match.Groups["key"].Value switch
        {
            "host" => known with { Host = value },
            "rank" when Number(value) is { } rank => known with { Rank = rank },
            "exitcode" when Number(value) is { } status => known with { Status = status },
            _ => known,
        };
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"\A\s*(?<key>host|rank|exitcode)\s*:\s*(?<value>\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Field();
}
