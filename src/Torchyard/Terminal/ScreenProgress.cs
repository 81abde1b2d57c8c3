using System.Text;
using Torchyard.Platform.Reporting;

namespace Torchyard.Terminal;

/// <summary>
/// Progress on standard error: live bars where a terminal is, else plain lines at a calm rate. Warnings are shown at once and,
/// when something came after them, again at the end.
/// </summary>
internal sealed class ScreenProgress(ScreenStreams streams, TimeProvider clock, ProgressStyle style) : IProgressSink, IDisposable
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPlainLine = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan NextPlainLine = TimeSpan.FromSeconds(10);
    private const int MostBars = 8;
    private const char NoBreak = '\u00A0';

    private readonly Lock _lock = new();
    private readonly List<ProgressTask> _running = [];
    private readonly List<string> _warnings = [];
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private readonly bool _live = style == ProgressStyle.Bar || (style == ProgressStyle.Auto && streams.ErrorIsTerminal);
    private readonly bool _colours = streams is { Colours: true, ErrorIsTerminal: true };
    private ITimer? _timer;
    private int _drawn;
    private int _frames;
    private bool _linesAfterWarning;

    /// <inheritdoc />
    public IProgressTask Begin(string label, long? total = null, ProgressUnit unit = ProgressUnit.Bytes)
    {
        var task = new ProgressTask(this, PlainText.Clean(label), total, unit, clock.GetTimestamp());
        lock (_lock)
        {
            _running.Add(task);
            if (_live)
            {
                _timer ??= clock.CreateTimer(_ => Tick(), null, Frame, Frame);
            }
        }

        return task;
    }

    /// <inheritdoc />
    public void Note(string text)
    {
        if (style != ProgressStyle.None)
        {
            Print(Broken(PlainText.Clean(text), indent: 0));
        }
    }

    /// <inheritdoc />
    public void Warn(string text)
    {
        lock (_lock)
        {
            if (!_warned.Add(text))
            {
                return;
            }

            _warnings.Add(text);
            Print(Warning(text));
            _linesAfterWarning = false;
        }
    }

    /// <summary>Writes something that is not progress, with the bars out of its way.</summary>
    public void Aside(Action write)
    {
        lock (_lock)
        {
            Erase();
            write();
            _linesAfterWarning |= _warnings.Count > 0;
            Draw();
        }
    }

    /// <summary>Removes the bars and repeats warnings that have scrolled away.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
            Erase();
            _running.Clear();
            if (_linesAfterWarning)
            {
                foreach (var warning in _warnings)
                {
                    streams.Error.WriteLine(Warning(warning));
                }
            }

            _warnings.Clear();
        }
    }

    /// <inheritdoc />
    public void Dispose() => Close();

    private string Warning(string text) => Fitted(Style.Yellow, "warning:", PlainText.Clean(text));

    private string Fitted(Style style, string mark, string text) => $"{style.Apply(mark, _colours)} {Broken(text, mark.Length + 1)}";

    // On a terminal a long line is broken between words, and goes on below its text; elsewhere a line is one for grep and logs.
    private string Broken(string text, int indent) =>
        string.Join(
                '\n' + new string(' ', indent),
                streams.ErrorIsTerminal ? TextWrap.Words(text, Math.Max(20, streams.Width() - indent)) : [text]
            )
            .Replace(NoBreak, ' ');

    private void Print(string line) => Aside(() => streams.Error.WriteLine(line));

    private void Tick()
    {
        lock (_lock)
        {
            if (_timer is not null)
            {
                _frames++;
                Erase();
                Draw();
            }
        }
    }

    private void Erase()
    {
        if (_drawn > 0)
        {
            // Up to the first bar, then clear to the end of the screen (ECMA-48 CPL and ED).
            streams.Error.Write($"\e[{_drawn}F\e[J");
            _drawn = 0;
        }
    }

    private void Draw()
    {
        if (!_live || _running.Count == 0 || _timer is null)
        {
            return;
        }

        var width = Math.Max(20, streams.Width() - 1);
        var text = new StringBuilder();
        foreach (var task in _running.Take(MostBars))
        {
            text.Append(BarText.Of(task.Snapshot(clock), width, _frames, streams.Unicode, _colours)).Append('\n');
        }

        _drawn = Math.Min(MostBars, _running.Count);
        if (_running.Count > MostBars)
        {
            text.Append("  and ").Append(_running.Count - MostBars).Append(" more\n");
            _drawn++;
        }

        streams.Error.Write(text.ToString());
    }

    private void Advanced(ProgressTask task)
    {
        if (_live || style == ProgressStyle.None)
        {
            return;
        }

        var line = task.Snapshot(clock);
        if (line.Elapsed < task.NextLine)
        {
            return;
        }

        lock (_lock)
        {
            if (line.Elapsed >= task.NextLine)
            {
                task.NextLine = line.Elapsed + NextPlainLine;
                Print($"{line.Label}: {line.Numbers()}");
            }
        }
    }

    private void Ended(ProgressTask task, bool well, string? summary)
    {
        lock (_lock)
        {
            if (!_running.Remove(task))
            {
                return;
            }

            if (style == ProgressStyle.None)
            {
                return;
            }

            var line = task.Snapshot(clock);
            var time = ProgressLine.Time(line.Elapsed);
            var mark = (well, streams.Unicode) switch
            {
                (true, true) => "✓",
                (true, false) => "ok",
                (false, true) => "✗",
                (false, false) => "failed",
            };
            var what =
                summary is { Length: > 0 } ? $"{line.Label}: {PlainText.Clean(summary)}"
                : line is { Done: > 0 } && well
                    ? $"{line.Label}: {(line.Unit == ProgressUnit.Bytes ? Platform.Text.ByteSize.Decimal(line.Done) : line.Done)}"
                : line.Label;
            // The time stays in one piece.
            var end = $"({time}{(well ? "" : ", not finished")})".Replace(' ', NoBreak);
            Print(Fitted(well ? Style.Green : Style.Red, mark, $"{what} {end}"));
        }
    }

    private sealed class ProgressTask(ScreenProgress owner, string label, long? total, ProgressUnit unit, long began) : IProgressTask
    {
        private long _done;
        private int _ended;

        public TimeSpan NextLine { get; set; } = FirstPlainLine;

        public ProgressLine Snapshot(TimeProvider clock) =>
            new()
            {
                Label = label,
                Done = Volatile.Read(ref _done),
                Total = total,
                Unit = unit,
                Elapsed = clock.GetElapsedTime(began),
            };

        public void Advance(long amount)
        {
            Interlocked.Add(ref _done, amount);
            owner.Advanced(this);
        }

        public void Done(string? summary = null) => End(well: true, summary);

        public void Dispose() => End(well: false, summary: null);

        private void End(bool well, string? summary)
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                owner.Ended(this, well, summary);
            }
        }
    }
}
