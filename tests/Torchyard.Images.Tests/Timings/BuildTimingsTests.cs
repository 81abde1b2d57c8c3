using System.Text.Json;
using Torchyard.Images.Timings;

namespace Torchyard.Images.Tests.Timings;

public sealed class BuildTimingsTests
{
    [Fact]
    public async Task Pieces_of_a_kind_are_summed_and_the_longest_is_named()
    {
        var timings = new BuildTimings();
        timings.Measure(BuildWork.Unpack, "small", () => 1);
        timings.Add(BuildWork.Unpack, "large", timings.Now - TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3));
        await timings.MeasureAsync(BuildWork.Configure, "stage", () => Task.FromResult(2.0), seconds => TimeSpan.FromSeconds(seconds));

        var rows = timings.Rows();

        Assert.Equal([BuildWork.Unpack, BuildWork.Configure], rows.Select(row => row.Work));
        Assert.Equal((2, "large"), (rows[0].Pieces, rows[0].Longest));
        Assert.InRange(rows[0].Cpu.TotalSeconds, 3, 3.5);
        Assert.InRange(rows[0].Wall.TotalSeconds, 5, 6);
        Assert.Equal(TimeSpan.FromSeconds(2), rows[1].Cpu);
    }

    [Fact]
    public void The_whole_counts_this_process_and_stands_still_at_the_end()
    {
        var timings = new BuildTimings();
        var sum = 0L;
        for (var spent = TimeSpan.Zero; spent < TimeSpan.FromMilliseconds(5); spent = timings.Whole.Process)
        {
            sum++;
        }

        timings.End();

        Assert.True(sum > 0);
        Assert.Equal(timings.Whole, timings.Whole);
        Assert.Equal(timings.Whole.Cpu, timings.Whole.Process + timings.Whole.Children);
    }

    [Fact]
    public void The_trace_shows_pieces_that_overlap_in_rows_of_their_own()
    {
        var timings = new BuildTimings();
        var now = timings.Now;
        timings.Add(BuildWork.Unpack, "one \"quoted\"", now - TimeSpan.FromSeconds(2), TimeSpan.Zero);
        timings.Add(BuildWork.Unpack, "beside it", now - TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        using var trace = new MemoryStream();
        timings.WriteTrace(trace);

        using var document = JsonDocument.Parse(trace.ToArray());
        var events = document.RootElement.EnumerateArray().ToList();
        Assert.Equal(["Unpack one \"quoted\"", "Unpack beside it"], events.Select(piece => piece.GetProperty("name").GetString()));
        Assert.Equal([0, 1], events.Select(piece => piece.GetProperty("tid").GetInt32()));
        Assert.All(events, piece => Assert.Equal("X", piece.GetProperty("ph").GetString()));
        Assert.Equal(1000, events[1].GetProperty("args").GetProperty("cpu_ms").GetInt64());
        Assert.InRange(events[0].GetProperty("dur").GetInt64(), 2_000_000, 3_000_000);
    }
}
