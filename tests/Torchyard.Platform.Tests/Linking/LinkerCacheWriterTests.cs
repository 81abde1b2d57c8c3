using CsCheck;
using Torchyard.Platform.Linking;

namespace Torchyard.Platform.Tests.Linking;

public sealed class LinkerCacheWriterTests
{
    private const int X8664 = LinkerCache.FlagElfLibc6 | LinkerCache.FlagX8664;

    [Theory]
    [InlineData("libcuda.so.1", "libcuda.so", 1)]
    [InlineData("libx.so.10", "libx.so.9", 1)]
    [InlineData("liba.so", "libb.so", -1)]
    [InlineData("lib1.so", "liba.so", 1)]
    [InlineData("libm.so.6", "libm.so.6", 0)]
    public void Names_are_ordered_as_the_loader_searches_them(string left, string right, int sign) =>
        Assert.Equal(sign, Math.Sign(LinkerCacheWriter.NameOrder.Instance.Compare(left, right)));

    [Fact]
    public void What_is_written_is_read_back_in_descending_order() =>
        Gen.String[Gen.Char["abc019.-"], 1, 12]
            .Array[0, 40]
            .Sample(names =>
            {
                var entries = names.Select((n, i) => new LinkerCacheEntry(n, $"/lib/{i}", X8664)).ToList();
                var read = LinkerCache.Read(LinkerCacheWriter.Write(entries, []));
                Assert.Equal(entries.OrderBy(e => e.Path), read.OrderBy(e => e.Path));
                for (var i = 1; i < read.Count; i++)
                {
                    Assert.True(LinkerCacheWriter.NameOrder.Instance.Compare(read[i - 1].Soname, read[i].Soname) >= 0);
                }
            });
}
