using CsCheck;
using Torchyard.Mirror.Requests;

namespace Torchyard.Mirror.Tests.Requests;

public sealed class ByteRangeTests
{
    [Theory]
    [InlineData("bytes=0-9", 100, 0, 10)]
    [InlineData("bytes=90-", 100, 90, 10)]
    [InlineData("bytes=90-200", 100, 90, 10)]
    [InlineData("bytes=-10", 100, 90, 10)]
    [InlineData("bytes=-200", 100, 0, 100)]
    [InlineData("Bytes=5-5", 100, 5, 1)]
    public void A_range_is_some_of_the_bytes(string header, long total, long first, long length) =>
        Assert.Equal((first, length), ByteRange.Parse(header)!.Value.Of(total));

    [Theory]
    [InlineData("bytes=100-")]
    [InlineData("bytes=100-200")]
    [InlineData("bytes=-0")]
    public void A_range_behind_the_end_is_none_of_the_bytes(string header) => Assert.Null(ByteRange.Parse(header)!.Value.Of(100));

    [Theory]
    [InlineData(null)]
    [InlineData("bytes=-")]
    [InlineData("bytes=9-1")]
    [InlineData("bytes=0-1,5-6")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=99999999999999999999-")]
    [InlineData("items=0-1")]
    public void What_cannot_be_read_is_ignored(string? header) => Assert.Null(ByteRange.Parse(header));

    [Theory]
    [InlineData("0-1023", 0L, 1023L)]
    [InlineData("bytes 5-9/10", 5L, 9L)]
    public void A_chunk_says_where_it_belongs(string header, long first, long last) =>
        Assert.Equal(new ByteRange(first, last), ByteRange.ParseChunk(header));

    [Theory]
    [InlineData("9-1")]
    [InlineData("-5")]
    [InlineData("5-")]
    [InlineData("x")]
    public void A_chunk_that_does_not_is_none(string header) => Assert.Null(ByteRange.ParseChunk(header));

    [Fact]
    public void A_range_never_leaves_the_bytes_that_there_are() =>
        Gen.Select(Gen.String[Gen.Char["bytes=-,0123456789 "], 0, 30].Select(text => "bytes=" + text), Gen.Long[0, 1000])
            .Sample(
                (header, total) =>
                {
                    if (ByteRange.Parse(header)?.Of(total) is var (first, length))
                    {
                        Assert.True(first >= 0 && length > 0 && first + length <= total);
                    }
                }
            );
}
