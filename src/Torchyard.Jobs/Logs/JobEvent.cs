using System.Text.RegularExpressions;

namespace Torchyard.Jobs.Logs;

/// <summary>What the batch script said of itself in the log: <c>torchyard: TIME WHAT KEY=VALUE…</c>.</summary>
public sealed partial record JobEvent
{
    /// <summary>When.</summary>
    public required string Time { get; init; }

    /// <summary>started, warned, failed, restarted, requeued or ended.</summary>
    public required string What { get; init; }

    /// <summary>Its values by name.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>What it adds in words; empty for nothing.</summary>
    public required string Text { get; init; }

    /// <summary>The event of a line; null for a line of the program.</summary>
    public static JobEvent? Of(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (Pattern().Match(line) is not { Success: true } match)
        {
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        string? what = null;
        foreach (var word in match.Groups["words"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
            {
                values.TryAdd(word[..equals], word[(equals + 1)..]);
            }
            else
            {
                what ??= word;
            }
        }

        return what is null
            ? null
            : new JobEvent
            {
                Time = match.Groups["time"].Value,
                What = what,
                Values = values,
                Text = match.Groups["text"].Value,
            };
    }

    [GeneratedRegex(
        @"\Atorchyard: (?<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z) (?<words>[^ ]+(?: [^ ]*?)*?)(?:: (?<text>.*))?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Pattern();
}
