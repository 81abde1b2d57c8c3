using Torchyard.Terminal;

namespace Torchyard.Tests.Terminal;

/// <summary>What a program in a container prints must not steer the terminal of who reads its log.</summary>
public sealed class LogTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\e[1;31mred\e[0m", "\e[1;31mred\e[0m")]
    [InlineData("\e[38;5;8mgrey", "\e[38;5;8mgrey")]
    [InlineData("\e[38:2::1:2:3mcolour", "\e[38:2::1:2:3mcolour")]
    [InlineData("\e[8mhidden", "^[[8mhidden")]
    [InlineData("\e[1;08mhidden", "^[[1;08mhidden")]
    [InlineData("\e]52;c;cm0gLXJmIH4=\a", "^[]52;c;cm0gLXJmIH4=^G")]
    [InlineData("\e]0;title\e\\", "^[]0;title^[\\")]
    [InlineData("\e[2J\e[H", "^[[2J^[[H")]
    [InlineData("\e[6n\e[c", "^[[6n^[[c")]
    [InlineData("\eP+q544e\e\\", "^[P+q544e^[\\")]
    [InlineData("\ec", "^[c")]
    [InlineData("\e[?1049h", "^[[?1049h")]
    [InlineData("\u009b2J", "\ufffd2J")]
    [InlineData("10%\r20%\r", "10%\n20%")]
    [InlineData("a\bb", "a^Hb")]
    [InlineData("good\u202elive", "good\ufffdlive")]
    [InlineData("\e[", "^[[")]
    [InlineData("\e", "^[")]
    public void Colours_pass_and_nothing_else_is_obeyed(string text, string shown) =>
        Assert.Equal(shown, new LogText(colours: true).Of(text));

    [Fact]
    public void Colours_end_with_the_log_and_are_taken_out_where_none_are_wanted()
    {
        var text = new LogText(colours: true);
        Assert.Equal("", text.End());
        text.Of("\e[7mreverse");
        Assert.Equal("\e[0m", text.End());
        Assert.Equal("reverse", new LogText(colours: false).Of("\e[7mreverse"));
    }

    [Fact]
    public void No_random_bytes_reach_the_terminal_but_as_a_style()
    {
        const string Characters = "\e[]0123456789;:mPXKJ?\a\r\n\u009b\u202e\u200bab";
        var random = new Random(7);
        for (var round = 0; round < 20_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 24)).Select(_ => Characters[random.Next(Characters.Length)]));
            var shown = new LogText(colours: true).Of(text);
            Assert.DoesNotMatch("\e(?!\\[[0-9;:]*m)", shown);
            Assert.DoesNotMatch("[\\x00-\\x08\\x0b-\\x1a\\x1c-\\x1f\\x7f-\\x9f\u202e\u200b]", shown);
        }
    }
}
