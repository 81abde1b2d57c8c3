using System.Globalization;
using System.Text.RegularExpressions;

namespace Torchyard.Jobs.Logs;

/// <summary>What a job's log tells: its events and the first rank that failed.</summary>
public sealed partial record JobLog
{
    private const int LastLines = 12;
    private const int MostEvents = 1000;

    /// <summary>Events, oldest first.</summary>
    public required IReadOnlyList<JobEvent> Events { get; init; }

    /// <summary>The first failure of the last attempt; null where nothing failed.</summary>
    public required JobFailure? Failure { get; init; }

    /// <summary>Reads a log, in one pass and with bounded memory.</summary>
    public static async Task<JobLog> ReadAsync(TextReader reader, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var events = new List<JobEvent>();
        var last = new Dictionary<string, Queue<string>>(StringComparer.Ordinal);
        var all = new Queue<string>();
        JobFailure? failure = null;
        TorchrunFailure? torchrun = null;
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (JobEvent.Of(line) is { } found)
            {
                if (events.Count == MostEvents)
                {
                    events.RemoveAt(1);
                }

                events.Add(found);
                if (found.What is "started" or "restarted" or "requeued")
                {
                    (failure, torchrun) = (null, null);
                    last.Clear();
                    all.Clear();
                }
                else if (found.What == "failed")
                {
                    failure ??= Of(found);
                }

                continue;
            }

            // After the first failure only that rank's own lines are of use: the others die of it.
            Keep(all, failure is null ? line : null);
            if (RankOf(line) is { } rank && (last.Count < 65536 || last.ContainsKey(rank)))
            {
                if (!last.TryGetValue(rank, out var lines))
                {
                    last.Add(rank, lines = new Queue<string>());
                }

                Keep(lines, line[(rank.Length + 3)..]);
            }

            torchrun = TorchrunFailure.Next(torchrun, line);
        }

        if (torchrun is { Rank: { } first })
        {
            failure = new JobFailure
            {
                Rank = first,
                Node = torchrun.Host ?? failure?.Node ?? "",
                Status = torchrun.Status ?? failure?.Status,
                Reason = failure?.Reason,
                Time = failure?.Time ?? "",
            };
        }

        return new JobLog
        {
            Events = events,
            Failure = failure is null
                ? null
                : failure with
                {
                    LastLines = [.. failure.Rank is { } number && last.TryGetValue(Text(number), out var own) ? own : all],
                },
        };
    }

    /// <summary>The rank that printed a line, which stands before it in brackets; null for a line of nobody.</summary>
    public static string? RankOf(string line) => RankPrefix().Match(line) is { Success: true } match ? match.Groups[1].Value : null;

    private static JobFailure Of(JobEvent found) =>
        new()
        {
            Rank = Number(found, "rank"),
            Node = found.Values.GetValueOrDefault("node", ""),
            Status = Number(found, "status"),
            Reason = found.Values.TryGetValue("reason", out var reason) ? $"{reason}: {found.Text}" : null,
            Time = found.Time,
        };

    private static int? Number(JobEvent found, string key) =>
        int.TryParse(found.Values.GetValueOrDefault(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Keep(Queue<string> lines, string? line)
    {
        if (line is null)
        {
            return;
        }

        if (lines.Count == LastLines)
        {
            lines.Dequeue();
        }

        lines.Enqueue(line);
    }

    [GeneratedRegex(@"\A\[([0-9]{1,7})\] ", RegexOptions.CultureInvariant)]
    private static partial Regex RankPrefix();
}
