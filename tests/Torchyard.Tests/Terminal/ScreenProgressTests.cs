using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Torchyard.Platform.Reporting;
using Torchyard.Terminal;

namespace Torchyard.Tests.Terminal;

public sealed class ScreenProgressTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly StringWriter _error = new(CultureInfo.InvariantCulture);

    public void Dispose() => _error.Dispose();

    [Fact]
    public void Without_a_terminal_a_long_task_prints_few_plain_lines()
    {
        using var progress = Progress(terminal: false);
        using var task = progress.Begin("Fetching packages", 100_000_000);
        for (var second = 0; second < 25; second++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            task.Advance(4_000_000);
        }

        task.Done("25 packages, 100 MB");
        Assert.Equal(
            """
            Fetching packages: 8 MB of 100 MB, 4 MB/s, 23 s left
            Fetching packages: 48 MB of 100 MB, 4 MB/s, 13 s left
            Fetching packages: 88 MB of 100 MB, 4 MB/s, 3.0 s left
            ok Fetching packages: 25 packages, 100 MB (25 s)

            """,
            _error.ToString()
        );
    }

    [Fact]
    public void On_a_terminal_bars_are_redrawn_in_place_and_leave_one_line()
    {
        using var progress = Progress(terminal: true);
        using (var task = progress.Begin("Unpacking", 10, ProgressUnit.Items))
        {
            task.Advance(5);
            _clock.Advance(TimeSpan.FromSeconds(2));
            Assert.Contains("━━━━━━━━━━━━━━━───────────────  5 of 10, 2.0 s left", _error.ToString(), StringComparison.Ordinal);
            task.Done();
        }

        progress.Close();
        Assert.Equal("✓ Unpacking: 5 (2.0 s)\n", VisibleText(_error.ToString()));
    }

    [Fact]
    public void On_a_terminal_long_lines_are_broken_between_words_and_elsewhere_they_stay_whole()
    {
        const string summary = "2.6.0+debian on cpu, loss 15.72 to 0.69 in 20 steps";
        const string why = "the driver of this machine is older than the one that the lock was made for, and is used all the same";
        const string waiting = "waiting for /usr/bin/torchyard up (process 24112), which holds /var/lib/torchyard/containers/.lock";
        foreach (var terminal in new[] { true, false })
        {
            using var progress = Progress(terminal);
            var task = progress.Begin("Trying PyTorch");
            _clock.Advance(TimeSpan.FromSeconds(62));
            task.Done(summary);
            progress.Note(waiting);
            progress.Warn(why);
        }

        Assert.Equal(
            $"""
            ✓ Trying PyTorch: {summary}
              (1 min 02 s)
            waiting for /usr/bin/torchyard up (process 24112), which holds
            /var/lib/torchyard/containers/.lock
            warning: the driver of this machine is older than the one that the lock was made
                     for, and is used all the same
            ok Trying PyTorch: {summary} (1 min 02 s)
            {waiting}
            warning: {why}

            """,
            VisibleText(_error.ToString())
        );
    }

    [Fact]
    public void A_task_that_is_disposed_without_done_failed()
    {
        using var progress = Progress(terminal: false);
        progress.Begin("Fetching").Dispose();
        Assert.Equal("failed Fetching (0.0 s, not finished)\n", _error.ToString());
    }

    [Fact]
    public void A_warning_is_repeated_at_the_end_only_when_something_came_after_it()
    {
        using (var progress = Progress(terminal: false))
        {
            progress.Warn("no limit can be enforced");
            progress.Warn("no limit can be enforced");
        }

        Assert.Equal("warning: no limit can be enforced\n", _error.ToString());
        using (var progress = Progress(terminal: false))
        {
            progress.Warn("second");
            progress.Note("later");
        }

        Assert.EndsWith("warning: second\nlater\nwarning: second\n", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_none_shows_warnings_only()
    {
        using var progress = new ScreenProgress(new ScreenStreams { Output = TextWriter.Null, Error = _error }, _clock, ProgressStyle.None);
        progress.Note("note");
        using var task = progress.Begin("work", 5);
        _clock.Advance(TimeSpan.FromMinutes(1));
        task.Advance(5);
        task.Done();
        progress.Warn("w");
        Assert.Equal("warning: w\n", _error.ToString());
    }

    private ScreenProgress Progress(bool terminal) =>
        new(
            new ScreenStreams
            {
                Output = TextWriter.Null,
                Error = _error,
                ErrorIsTerminal = terminal,
                Unicode = terminal,
            },
            _clock,
            ProgressStyle.Auto
        );

    // A terminal of one column of lines: CPL moves up, ED clears what is below.
    private static string VisibleText(string output)
    {
        var lines = new List<string>();
        var rest = output;
        while (rest.Length > 0)
        {
            if (rest.StartsWith("\e[", StringComparison.Ordinal))
            {
                var end = rest.IndexOf('F', StringComparison.Ordinal);
                var up = int.Parse(rest.AsSpan(2, end - 2), CultureInfo.InvariantCulture);
                lines.RemoveRange(lines.Count - up, up);
                rest = rest[(end + 1)..]["\e[J".Length..];
                continue;
            }

            var newLine = rest.IndexOf('\n', StringComparison.Ordinal);
            lines.Add(rest[..newLine]);
            rest = rest[(newLine + 1)..];
        }

        return string.Concat(lines.Select(line => line + "\n"));
    }
}
