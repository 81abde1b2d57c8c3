using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Logs;

/// <summary>One line of a container's log.</summary>
/// <param name="Time">When it was printed.</param>
/// <param name="IsError">True for standard error.</param>
/// <param name="Text">The text.</param>
/// <param name="IsWhole">False when the line goes on in the next entry.</param>
public sealed record LogEntry(DateTimeOffset Time, bool IsError, string Text, bool IsWhole);

/// <summary>Reads what <see cref="LogWriter"/> wrote, over rotations.</summary>
internal static class LogReader
{
    /// <summary>Reads a log.</summary>
    /// <param name="path">The newest log file.</param>
    /// <param name="tail">Only the last so many lines, or null for all.</param>
    /// <param name="since">Only lines from then on, or null.</param>
    /// <param name="follow">Null to stop at the end; else goes on until it says that no more will come.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async IAsyncEnumerable<LogEntry> ReadAsync(
        string path,
        int? tail,
        DateTimeOffset? since,
        Func<bool>? follow,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        // Opened before the older ones are read, so a rotation in between loses nothing of what follows.
        var current = Open(path);
        var entries = new Queue<LogEntry>();
        for (var i = LogWriter.Kept; i > 0; i--)
        {
            using var older = Open(string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"));
            foreach (var entry in Lines(older, new StringBuilder()))
            {
                Keep(entry);
            }
        }

        var partial = new StringBuilder();
        foreach (var entry in Lines(current, partial))
        {
            Keep(entry);
        }

        while (entries.TryDequeue(out var entry))
        {
            yield return entry;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (follow is not null)
        {
            var more = follow();
            foreach (var entry in Lines(current, partial))
            {
                if (since is null || entry.Time >= since)
                {
                    yield return entry;
                }
            }

            if (Replaced(path, current))
            {
                current?.Dispose();
                current = Open(path);
                partial.Clear();
                continue;
            }

            if (!more)
            {
                break;
            }

            await timer.WaitForNextTickAsync(cancellation);
        }

        current?.Dispose();

        void Keep(LogEntry entry)
        {
            if (since is { } from && entry.Time < from)
            {
                return;
            }

            if (tail is { } most && entries.Count == most)
            {
                if (most == 0)
                {
                    return;
                }

                entries.Dequeue();
            }

            entries.Enqueue(entry);
        }
    }

    /// <summary>Reads one line; null for a line that is none of ours.</summary>
    internal static LogEntry? Parse(string line)
    {
        var fields = line.Split(' ', 4);
        return
            fields.Length == 4
            && DateTimeOffset.TryParse(fields[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new LogEntry(time, fields[1] == "stderr", fields[3], fields[2] == "F")
            : null;
    }

    private static IEnumerable<LogEntry> Lines(FileStream? file, StringBuilder partial)
    {
        if (file is null)
        {
            yield break;
        }

        var decoder = Encoding.UTF8.GetDecoder();
        var bytes = new byte[32 * 1024];
        var characters = new char[bytes.Length + 1];
        int read;
        while ((read = file.Read(bytes)) > 0)
        {
            var count = decoder.GetChars(bytes.AsSpan(0, read), characters, flush: false);
            for (var i = 0; i < count; i++)
            {
                if (characters[i] != '\n')
                {
                    partial.Append(characters[i]);
                    continue;
                }

                if (Parse(partial.ToString()) is { } entry)
                {
                    yield return entry;
                }

                partial.Clear();
            }
        }
    }

    private static bool Replaced(string path, FileStream? current) =>
        current is null ? File.Exists(path) : File.Exists(path) && new FileInfo(path).Length < current.Position;

    private static FileStream? Open(string path) => RegularFile.TryOpen(path);
}
