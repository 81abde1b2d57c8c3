using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

public sealed class DurationTests
{
    [Theory]
    [InlineData("90m", 5400, "1h30m")]
    [InlineData("2h", 7200, "2h")]
    [InlineData("1h30m", 5400, "1h30m")]
    [InlineData("1h 30m", 5400, "1h30m")]
    [InlineData("1d2h3m4s", 93784, "1d2h3m4s")]
    [InlineData("45s", 45, "45s")]
    [InlineData("0s", 0, "0s")]
    [InlineData(" 36h ", 129600, "1d12h")]
    public void Times_are_read_and_written_again(string text, long seconds, string written)
    {
        Assert.True(Duration.TryParse(text, out var time));
        Assert.Equal((seconds, written), ((long)time.TotalSeconds, Duration.Written(time)));
        Assert.True(Duration.TryParse(written, out var again));
        Assert.Equal(time, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("2")]
    [InlineData("h")]
    [InlineData("2 hours")]
    [InlineData("-2h")]
    [InlineData("1.5h")]
    [InlineData("30m1h")]
    [InlineData("2h\n")]
    [InlineData("2H")]
    [InlineData("٢h")]
    [InlineData("999999999d")]
    [InlineData("99999999999999999999s")]
    public void Other_texts_are_no_times(string text) => Assert.False(Duration.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(45, "45 s")]
    [InlineData(90, "1 min 30 s")]
    [InlineData(3605, "1 h")]
    [InlineData(7800, "2 h 10 min")]
    [InlineData(86_400 + 300, "1 d")]
    [InlineData(3 * 86_400 + 4 * 3600, "3 d 4 h")]
    public void People_see_two_units(long seconds, string shown) => Assert.Equal(shown, Duration.Of(TimeSpan.FromSeconds(seconds)));
}
