using Torchyard.Terminal;

namespace Torchyard.Tests.Terminal;

public sealed class ProgressLineTests
{
    [Theory]
    [InlineData(0.41, "0.4 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.7, "1 min 00 s")]
    [InlineData(185.2, "3 min 05 s")]
    [InlineData(119.6, "2 min 00 s")]
    [InlineData(3599.7, "1 h 00 min")]
    [InlineData(3720, "1 h 02 min")]
    public void Time_is_told_as_people_say_it(double seconds, string text) =>
        Assert.Equal(text, ProgressLine.Time(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(50, 100, 10, "50 B of 100 B, 5 B/s, 10 s left")]
    [InlineData(110, 100, 10, "100 B of 100 B, 11 B/s")]
    [InlineData(1, 900, 1000, "1 B of 900 B, 0 B/s")]
    public void Numbers_stay_within_the_total_and_guesses_within_a_day(long done, long total, double seconds, string text) =>
        Assert.Equal(
            text,
            new ProgressLine
            {
                Label = "x",
                Done = done,
                Total = total,
                Unit = Torchyard.Platform.Reporting.ProgressUnit.Bytes,
                Elapsed = TimeSpan.FromSeconds(seconds),
            }.Numbers()
        );
}
