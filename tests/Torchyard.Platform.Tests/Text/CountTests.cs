using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

public sealed class CountTests
{
    [Theory]
    [InlineData(0, "layer", "0 layers")]
    [InlineData(1, "layer", "1 layer")]
    [InlineData(2, "layer", "2 layers")]
    [InlineData(2, "entry", "2 entries")]
    [InlineData(2, "key", "2 keys")]
    [InlineData(2, "process", "2 processes")]
    [InlineData(2, "NVSwitch", "2 NVSwitches")]
    [InlineData(-1, "layer", "-1 layers")]
    public void One_is_one_and_all_else_is_many(long number, string one, string text) => Assert.Equal(text, Count.Of(number, one));

    [Fact]
    public void An_odd_plural_is_named() => Assert.Equal("3 indices", Count.Of(3, "index", "indices"));
}
