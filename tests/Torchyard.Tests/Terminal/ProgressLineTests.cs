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
    public void Time_is_told_as_people_say_it(double seconds, string text) => Assert.Equal(text, ProgressLine.Time(TimeSpan.FromSeconds(seconds)));
}
