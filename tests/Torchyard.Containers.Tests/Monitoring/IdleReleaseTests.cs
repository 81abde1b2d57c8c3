using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Torchyard.Containers.Idle;
using Torchyard.Containers.Monitoring;
using Torchyard.Testing.Time;

namespace Torchyard.Containers.Tests.Monitoring;

/// <summary>The watch over a container's GPUs, with a clock that the test moves.</summary>
public sealed class IdleReleaseTests
{
    private static readonly DateTimeOffset Start = new(2026, 6, 1, 13, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly List<string> _said = [];
    private TimeSpan _window = TimeSpan.FromMinutes(30);
    private Func<TimeSpan, GpuUse?> _use = static _ => Use(0);

    private TimeSpan Passed => _clock.GetUtcNow() - Start;

    [Fact]
    public async Task People_are_warned_and_the_container_is_stopped()
    {
        await RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["0:27 warn 30 min, 3 min left", "0:30 release 30 min"], _said);
    }

    [Fact]
    public async Task A_use_after_the_warning_is_told_and_the_container_goes_on()
    {
        _use = passed => Use(passed.TotalMinutes is > 28 and < 28.2 ? 90 : 0);

        await RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["0:27 warn 30 min, 3 min left", "0:28 take back", "0:55 warn 30 min, 3 min left", "0:58 release 30 min"], _said);
    }

    [Fact]
    public async Task Another_time_counts_from_when_it_is_given_and_takes_a_warning_back()
    {
        _use = passed =>
        {
            _window = TimeSpan.FromMinutes(passed.TotalMinutes < 28 ? 30 : 60);
            return Use(0);
        };

        await RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["0:27 warn 30 min, 3 min left", "0:28 take back", "1:22 warn 1 h, 6 min left", "1:28 release 1 h"], _said);
    }

    [Fact]
    public async Task Without_a_time_or_an_answer_of_the_driver_nothing_ever_happens()
    {
        foreach (var (window, use) in new (TimeSpan, GpuUse?)[] { (TimeSpan.Zero, Use(0)), (TimeSpan.FromMinutes(1), null) })
        {
            (_window, _use) = (window, _ => use);
            using var ended = new CancellationTokenSource(TimeSpan.FromHours(5), _clock);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(ended.Token));
        }

        Assert.Empty(_said);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        // Without one, what waits for the clock goes on within the step of the clock.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        var run = Watch().RunAsync(cancellation);
        SynchronizationContext.SetSynchronizationContext(context);
        await _clock.PassUntilAsync(run);
        await run;
    }

    private IdleRelease Watch() =>
        new(
            ["GPU-aa"],
            new IdleReleaseHandlers
            {
                Window = () => _window,
                Look = _ => Task.FromResult(_use(Passed)),
                Tick = static () => { },
                Warn = (window, left) => Say($"warn {Platform.Text.Duration.Of(window)}, {Platform.Text.Duration.Of(left)} left"),
                TakeBack = () => Say("take back"),
                Release = window => Say($"release {Platform.Text.Duration.Of(window)}"),
            },
            _clock
        );

    private Task Say(string what)
    {
        _said.Add(string.Create(CultureInfo.InvariantCulture, $"{(int)Passed.TotalHours}:{Passed.Minutes:00} {what}"));
        return Task.CompletedTask;
    }

    private static GpuUse Use(int percent) => new() { Gpus = [new GpuUseOfOne { Uuid = "GPU-aa", UtilisationPercent = percent }] };
}
