using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Torchyard.Platform.Processes;

namespace Torchyard.Images.Timings;

/// <summary>What a build spends its time on. Thread-safe; costs two clock readings for each piece of work.</summary>
public sealed class BuildTimings
{
    private readonly ConcurrentQueue<Piece> _pieces = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly TimeSpan _processBefore = ProcessorTime.OfProcess();
    private readonly TimeSpan _childrenBefore = ProcessorTime.OfChildren();
    private Totals? _totals;

    /// <summary>One line of the account.</summary>
    public sealed record Row
    {
        /// <summary>The kind of work.</summary>
        public required BuildWork Work { get; init; }

        /// <summary>How many pieces of it.</summary>
        public required int Pieces { get; init; }

        /// <summary>Sum of their durations; pieces run beside each other, so the sums of all kinds exceed the build's time.</summary>
        public required TimeSpan Wall { get; init; }

        /// <summary>CPU time, user and system.</summary>
        public required TimeSpan Cpu { get; init; }

        /// <summary>What took longest.</summary>
        public required string Longest { get; init; }

        /// <summary>How long that took.</summary>
        public required TimeSpan LongestWall { get; init; }
    }

    /// <summary>The whole.</summary>
    /// <param name="Wall">From the start to the end of the build.</param>
    /// <param name="Process">CPU time of this process.</param>
    /// <param name="Children">CPU time of the programs in the sandbox and of the runtime that starts them.</param>
    public sealed record Totals(TimeSpan Wall, TimeSpan Process, TimeSpan Children)
    {
        /// <summary>CPU time in all.</summary>
        public TimeSpan Cpu => Process + Children;
    }

    /// <summary>Time since the build began, or, when it has ended, what it took.</summary>
    public Totals Whole =>
        _totals
        ?? new Totals(
            Stopwatch.GetElapsedTime(_began),
            ProcessorTime.OfProcess() - _processBefore,
            ProcessorTime.OfChildren() - _childrenBefore
        );

    /// <summary>Sums by kind of work; kinds that did not occur are left out.</summary>
    public IReadOnlyList<Row> Rows() =>
        [
            .. _pieces
                .GroupBy(piece => piece.Work)
                .OrderBy(group => group.Key)
                .Select(group =>
                {
                    var longest = group.MaxBy(piece => piece.Wall)!;
                    return new Row
                    {
                        Work = group.Key,
                        Pieces = group.Count(),
                        Wall = Sum(group, piece => piece.Wall),
                        Cpu = Sum(group, piece => piece.Cpu),
                        Longest = longest.What,
                        LongestWall = longest.Wall,
                    };
                }),
        ];

    /// <summary>
    /// Writes every piece with its place in time in Chrome's trace format, which https://ui.perfetto.dev and chrome://tracing show.
    /// </summary>
    public void WriteTrace(Stream target)
    {
        using var writer = new Utf8JsonWriter(target);
        writer.WriteStartArray();
        foreach (var (row, piece) in Lanes())
        {
            writer.WriteStartObject();
            writer.WriteString("name", $"{piece.Work} {piece.What}");
            writer.WriteString("cat", piece.Work.ToString());
            writer.WriteString("ph", "X");
            writer.WriteNumber("pid", 1);
            writer.WriteNumber("tid", row);
            writer.WriteNumber("ts", (long)piece.Began.TotalMicroseconds);
            writer.WriteNumber("dur", (long)piece.Wall.TotalMicroseconds);
            writer.WriteStartObject("args");
            writer.WriteNumber("cpu_ms", (long)piece.Cpu.TotalMilliseconds);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    internal void End() => _totals = Whole;

    /// <summary>Runs a piece of work on this thread.</summary>
    internal T Measure<T>(BuildWork work, string what, Func<T> run)
    {
        var began = Now;
        var cpu = ProcessorTime.OfThread();
        var result = run();
        Add(work, what, began, ProcessorTime.OfThread() - cpu);
        return result;
    }

    /// <summary>Runs a piece of work on this thread.</summary>
    internal void Measure(BuildWork work, string what, Action run) => Measure(work, what, () =>
        {
            run();
            return true;
        });

    /// <summary>Awaits work that is done elsewhere; its CPU time is read out of the result.</summary>
    internal async Task<T> MeasureAsync<T>(BuildWork work, string what, Func<Task<T>> run, Func<T, TimeSpan> cpu)
    {
        var began = Now;
        var result = await run();
        Add(work, what, began, cpu(result));
        return result;
    }

    /// <summary>Time since the build began.</summary>
    internal TimeSpan Now => Stopwatch.GetElapsedTime(_began);

    /// <summary>Adds a piece that ends now.</summary>
    internal void Add(BuildWork work, string what, TimeSpan began, TimeSpan cpu) =>
        _pieces.Enqueue(
            new Piece
            {
                Work = work,
                What = what,
                Began = began,
                Wall = Now - began,
                Cpu = cpu,
            }
        );

    private static TimeSpan Sum(IEnumerable<Piece> pieces, Func<Piece, TimeSpan> value) =>
        pieces.Aggregate(TimeSpan.Zero, (sum, piece) => sum + value(piece));

    /// <summary>Pieces that overlap are shown in rows of their own.</summary>
    private IEnumerable<(int Row, Piece Piece)> Lanes()
    {
        var free = new List<TimeSpan>();
        foreach (var piece in _pieces.Where(piece => piece.Work != BuildWork.Compress).OrderBy(piece => piece.Began))
        {
            var row = free.FindIndex(end => end <= piece.Began);
            if (row < 0)
            {
                row = free.Count;
                free.Add(default);
            }

            free[row] = piece.Began + piece.Wall;
            yield return (row, piece);
        }
    }

    private sealed record Piece
    {
        public required BuildWork Work { get; init; }
        public required string What { get; init; }
        public required TimeSpan Began { get; init; }
        public required TimeSpan Wall { get; init; }
        public required TimeSpan Cpu { get; init; }
    }
}
