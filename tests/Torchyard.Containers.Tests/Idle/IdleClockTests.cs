using Torchyard.Containers.Idle;

namespace Torchyard.Containers.Tests.Idle;

/// <summary>How long GPUs were idle.</summary>
public sealed class IdleClockTests
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(2);

    [Theory]
    [InlineData(7200, 10, 600)]
    [InlineData(600, 10, 60)]
    [InlineData(60, 1, 6)]
    [InlineData(10, 1, 1)]
    [InlineData(30 * 86_400, 10, 600)]
    public void Looks_are_seconds_apart_and_the_warning_comes_ten_minutes_or_a_tenth_before(int window, int interval, int warning)
    {
        var idle = new IdleClock(TimeSpan.FromSeconds(window), TimeSpan.Zero);

        Assert.Equal((interval, warning), ((int)idle.Interval.TotalSeconds, (int)idle.Warning.TotalSeconds));
    }

    [Fact]
    public void Idle_GPUs_are_warned_of_once_and_given_back_when_the_time_is_over()
    {
        var steps = Run(new IdleClock(Window, TimeSpan.Zero), Enumerable.Repeat(GpuActivity.Idle, 1000));

        Assert.Equal(
            [(TimeSpan.FromMinutes(110), IdleStep.Warn), (Window, IdleStep.Release)],
            steps.Where(step => step.Step != IdleStep.None).Take(2)
        );
    }

    [Theory]
    [InlineData(GpuActivity.Used)]
    [InlineData(GpuActivity.Unknown)]
    public void A_use_after_the_warning_takes_it_back_and_the_time_begins_anew(GpuActivity activity)
    {
        var idle = new IdleClock(Window, TimeSpan.Zero);
        var looks = Enumerable.Repeat(GpuActivity.Idle, 700).Append(activity).Concat(Enumerable.Repeat(GpuActivity.Idle, 1000));

        var steps = Run(idle, looks).Where(step => step.Step != IdleStep.None).Take(4).ToList();

        var use = TimeSpan.FromSeconds(7010);
        Assert.Equal(
            [
                (TimeSpan.FromMinutes(110), IdleStep.Warn),
                (use, IdleStep.TakeBack),
                (use + TimeSpan.FromMinutes(110), IdleStep.Warn),
                (use + Window, IdleStep.Release),
            ],
            steps
        );
    }

    [Fact]
    public void What_cannot_be_read_is_never_given_back() =>
        Assert.All(Run(new IdleClock(Window, TimeSpan.Zero), Enumerable.Repeat(GpuActivity.Unknown, 5000)), step =>
            Assert.Equal(IdleStep.None, step.Step)
        );

    [Fact]
    public void A_time_in_which_nobody_looked_does_not_count()
    {
        var idle = new IdleClock(Window, TimeSpan.Zero);
        _ = Run(idle, Enumerable.Repeat(GpuActivity.Idle, 700)).ToList();
        Assert.NotNull(idle.Left);

        // The machine was suspended, or the process stopped.
        Assert.Equal(IdleStep.TakeBack, idle.Look(TimeSpan.FromHours(9), GpuActivity.Idle));
        Assert.Equal(IdleStep.None, idle.Look(TimeSpan.FromHours(9) + idle.Interval, GpuActivity.Idle));
    }

    /// <summary>The promise, for many courses of things: looks at odd times, uses, failures, pauses.</summary>
    [Fact]
    public void Nothing_is_given_back_without_a_whole_idle_window_and_a_warning_before()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var window = TimeSpan.FromSeconds(random.Next(10, 5000));
            var idle = new IdleClock(window, TimeSpan.Zero);
            var busy = random.NextDouble() / 200;
            var (time, lastUse, warned) = (TimeSpan.Zero, TimeSpan.Zero, (TimeSpan?)null);
            for (var look = 0; look < 2000; look++)
            {
                time += idle.Interval * (random.Next(50) == 0 ? random.Next(1, 200) : 1 + random.NextDouble());
                var chance = random.NextDouble();
                var activity =
                    chance < busy ? GpuActivity.Used
                    : chance < 2 * busy ? GpuActivity.Unknown
                    : GpuActivity.Idle;
                lastUse = activity == GpuActivity.Idle ? lastUse : time;
                var step = idle.Look(time, activity);
                switch (step)
                {
                    case IdleStep.Warn:
                        Assert.Null(warned);
                        warned = time;
                        break;
                    case IdleStep.TakeBack:
                        Assert.NotNull(warned);
                        warned = null;
                        break;
                    case IdleStep.Release:
                        Assert.True(time - lastUse >= window, $"seed {seed}: {time - lastUse} of {window}");
                        Assert.True(time - warned >= idle.Warning, $"seed {seed}: warned at {warned}, given back at {time}");
                        break;
                    case IdleStep.None:
                    default:
                        Assert.True(warned is null || activity == GpuActivity.Idle, $"seed {seed}: a use did not take the warning back");
                        break;
                }

                Assert.Equal(warned is null, idle.Left is null);
                if (step == IdleStep.Release)
                {
                    break;
                }
            }
        }
    }

    private static IEnumerable<(TimeSpan Time, IdleStep Step)> Run(IdleClock idle, IEnumerable<GpuActivity> looks)
    {
        var time = TimeSpan.Zero;
        foreach (var activity in looks)
        {
            time += idle.Interval;
            yield return (time, idle.Look(time, activity));
        }
    }
}
