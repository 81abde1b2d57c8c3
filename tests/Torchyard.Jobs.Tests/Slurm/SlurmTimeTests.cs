using System.Globalization;
using Torchyard.Jobs.Slurm;

namespace Torchyard.Jobs.Tests.Slurm;

public sealed class SlurmTimeTests
{
    [Theory]
    [InlineData("90", "1:30:00")]
    [InlineData("5:30", "0:05:30")]
    [InlineData("8:00:00", "8:00:00")]
    [InlineData("2-0", "2.00:00:00")]
    [InlineData("1-12", "1.12:00:00")]
    [InlineData("1-12:30", "1.12:30:00")]
    [InlineData("1-12:30:15", "1.12:30:15")]
    [InlineData("UNLIMITED", null)]
    [InlineData("1:2:3:4", null)]
    [InlineData("1h", null)]
    [InlineData("-5", null)]
    [InlineData("", null)]
    public void Times_are_read_as_Slurm_reads_them(string text, string? expected) =>
        Assert.Equal(expected is null ? null : TimeSpan.Parse(expected, CultureInfo.InvariantCulture), SlurmTime.Parse(text));
}
