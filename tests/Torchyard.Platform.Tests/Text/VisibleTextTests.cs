using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("/home/me/Daten-für-日本", "/home/me/Daten-für-日本")]
    [InlineData("a\u001b[2Jb\nc\td\r", "a<U+001B>[2Jb<U+000A>c<U+0009>d<U+000D>")]
    [InlineData("gpj.\u202eexe", "gpj.<U+202E>exe")]
    [InlineData("a\u2066b\u200bc\u2028d\u00a0e\ufeff", "a<U+2066>b<U+200B>c<U+2028>d<U+00A0>e<U+FEFF>")]
    public void What_does_not_show_as_itself_is_written_out(string text, string shown) => Assert.Equal(shown, VisibleText.Of(text));

    [Fact]
    public void Half_of_a_pair_is_written_out_and_a_whole_one_stays() =>
        Assert.Equal("\ud83d\ude00<U+D83D>", VisibleText.Of("\ud83d\ude00\ud83d"));
}
