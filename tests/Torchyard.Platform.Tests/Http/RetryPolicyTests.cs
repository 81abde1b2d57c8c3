using System.Net;
using System.Net.Http.Headers;
using Torchyard.Platform.Http;

namespace Torchyard.Platform.Tests.Http;

public sealed class RetryPolicyTests
{
    private static Uri Address { get; } = new("https://pypi.example:8080/simple/torch/");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pauses_double_up_to_the_longest()
    {
        var clock = new PausesAtOnce();
        var policy = new RetryPolicy
        {
            Tries = 9,
            FirstPause = TimeSpan.FromSeconds(1),
            LongestPause = TimeSpan.FromSeconds(5),
            Clock = clock,
        };
        var broken = new HttpFailureException("the connection was cut", isTransient: true);
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Assert.True(policy.IsWorthAnother(attempt, broken));
            await policy.PauseAsync(Address, attempt, broken, Cancellation);
        }

        Assert.Equal([1, 2, 4, 5, 5], clock.Pauses.Select(pause => pause.TotalSeconds));
        Assert.False(policy.IsWorthAnother(9, broken));
    }

    [Fact]
    public async Task A_pause_that_a_server_asks_for_is_said_once_for_its_host()
    {
        var clock = new PausesAtOnce();
        var said = new List<string>();
        var policy = new RetryPolicy { Clock = clock, Notes = new PauseNotes(said.Add, clock) };
        HttpFailureException Busy(int seconds) => new("busy", isTransient: true) { RetryAfter = TimeSpan.FromSeconds(seconds) };

        await policy.PauseAsync(Address, 1, Busy(40), Cancellation);
        await policy.PauseAsync(new Uri("https://pypi.example:8080/other"), 1, Busy(40), Cancellation);
        await policy.PauseAsync(new Uri("https://files.example/x"), 1, Busy(1), Cancellation);
        await policy.PauseAsync(Address, 1, new HttpFailureException("cut", isTransient: true), Cancellation);

        Assert.Equal(["pypi.example:8080 asks to wait 40 s: waiting"], said);
    }

    [Fact]
    public async Task A_server_that_asks_for_a_pause_gets_it()
    {
        var clock = new PausesAtOnce();
        var policy = new RetryPolicy { Clock = clock };
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(40));
        var busy = HttpFailureException.Of(response, clock)!;

        Assert.True(policy.IsWorthAnother(1, busy));
        await policy.PauseAsync(Address, 1, busy, Cancellation);

        Assert.Equal([TimeSpan.FromSeconds(40)], clock.Pauses);
        Assert.Equal("the server answers 429 and asks to wait 40 s", busy.Message);
    }

    [Fact]
    public void A_date_counts_from_now_and_one_that_has_passed_counts_for_nothing()
    {
        var clock = new PausesAtOnce();
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter = new RetryConditionHeaderValue(clock.GetUtcNow() + TimeSpan.FromSeconds(9));
        Assert.Equal(TimeSpan.FromSeconds(9), HttpFailureException.Of(response, clock)!.RetryAfter);

        response.Headers.RetryAfter = new RetryConditionHeaderValue(clock.GetUtcNow() - TimeSpan.FromSeconds(9));
        Assert.Null(HttpFailureException.Of(response, clock)!.RetryAfter);
    }

    [Fact]
    public void Who_asks_for_an_hour_is_not_asked_again() =>
        Assert.False(
            new RetryPolicy().IsWorthAnother(1, new HttpFailureException("busy", isTransient: true) { RetryAfter = TimeSpan.FromHours(1) })
        );

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.BadRequest)]
    public void What_no_time_cures_is_not_tried_again(HttpStatusCode status)
    {
        using var response = new HttpResponseMessage(status);
        Assert.False(new RetryPolicy().IsWorthAnother(1, HttpFailureException.Of(response, TimeProvider.System)!));
    }

    [Theory]
    [InlineData("https://a/x", "http://a/x", true)]
    [InlineData("https://a/x", "https://b/x", false)]
    [InlineData("http://a/x", "http://b/x", false)]
    [InlineData("http://a/x", "https://b/x", false)]
    [InlineData("http://a/x", "ftp://b/x", true)]
    [InlineData("https://a/x", "file:///etc/passwd", true)]
    public void No_redirect_leads_to_less_protection(string from, string to, bool refused)
    {
        var redirect = new HttpRedirect(new Uri(from), new Uri(from), new Uri(to));
        var failure = Record.Exception(() => HttpRedirect.RefuseLessSafe(redirect));
        Assert.Equal(refused, failure is HttpFailureException { IsTransient: false });
    }

    /// <summary>A clock whose pauses end at once, and are remembered.</summary>
    private sealed class PausesAtOnce : TimeProvider
    {
        public List<TimeSpan> Pauses { get; } = [];

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddYears(50);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Pauses.Add(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
