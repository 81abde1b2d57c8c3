using CsCheck;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("512", 512)]
    [InlineData("64k", 65536)]
    [InlineData("1.5G", 1610612736)]
    [InlineData("8GiB", 8589934592)]
    [InlineData("8 gib", 8589934592)]
    [InlineData("300MB", 300_000_000)]
    [InlineData("0", 0)]
    public void Reads_the_forms_that_people_write(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("-1")]
    [InlineData("1.2.3")]
    [InlineData("8GiBs")]
    [InlineData("8xB")]
    [InlineData("16E")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("1e3")]
    public void Refuses_everything_else(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1400, "1.4 kB")]
    [InlineData(999_600, "1 MB")]
    [InlineData(259_000_000, "259 MB")]
    public void Shows_decimal_units(long bytes, string text) => Assert.Equal(text, ByteSize.Decimal(bytes));

    [Fact]
    public void What_is_shown_in_whole_binary_units_reads_back() =>
        Gen.Select(Gen.Long[1, 1000], Gen.Int[0, 4])
            .Sample(
                (amount, power) =>
                {
                    var bytes = amount << (10 * power);
                    Assert.True(ByteSize.TryParse(ByteSize.Binary(bytes), out var read));
                    Assert.Equal(bytes, read);
                }
            );
}
