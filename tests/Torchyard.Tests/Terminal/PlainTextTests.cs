using System.Text;
using Torchyard.Terminal;

namespace Torchyard.Tests.Terminal;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("a\u202eb")]
    [InlineData("a\u2066b")]
    [InlineData("a\u200eb")]
    [InlineData("a\u061cb")]
    [InlineData("a\u2028b")]
    [InlineData("a\u200bb")]
    [InlineData("a\ufeffb")]
    [InlineData("a\u00adb")]
    [InlineData("a\u3164b")]
    [InlineData("a\U000e0041b")]
    [InlineData("a\eb")]
    [InlineData("a\u009bb")]
    [InlineData("a\rb")]
    public void What_turns_joins_or_hides_text_is_replaced(string text) => Assert.Equal("a\ufffdb", PlainText.Clean(text));

    [Theory]
    [InlineData("two\nlines\tand a tab")]
    [InlineData("Grüße, 深圳, שלום, é")]
    [InlineData("╭─ ✓ … 🚀")]
    public void Text_of_every_language_stays(string text) => Assert.Equal(text, PlainText.Clean(text));

    [Fact]
    public void No_character_of_these_kinds_is_left_out()
    {
        for (var code = 0; code <= 0x10ffff; code++)
        {
            if (
                Rune.IsValid(code)
                && new Rune(code) is var rune
                && Rune.GetUnicodeCategory(rune)
                    is System.Globalization.UnicodeCategory.Control
                        or System.Globalization.UnicodeCategory.Format
                        or System.Globalization.UnicodeCategory.LineSeparator
                        or System.Globalization.UnicodeCategory.ParagraphSeparator
                && code is not ('\n' or '\t')
            )
            {
                Assert.Equal("\ufffd", PlainText.Clean(rune.ToString()));
            }
        }
    }
}
