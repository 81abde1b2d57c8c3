using System.Globalization;
using Torchyard.Terminal;

namespace Torchyard.Tests.Terminal;

public sealed class TextTableTests
{
    private static readonly Column[] Columns = [new("NAME", Whole: true), new("SIZE", Right: true), new("WHAT")];

    [Fact]
    public void Columns_align_also_with_wide_letters()
    {
        Assert.Equal(
            "NAME     SIZE   WHAT\n火炬    12 MB   one\nplain     1 B   two\n",
            Render(terminal: false, 80, ["火炬", "12 MB", "one"], ["plain", "1 B", "two"]));
    }

    [Fact]
    public void A_terminal_cuts_the_widest_column_and_never_one_that_users_copy()
    {
        var name = new string('n', 30);
        var text = Render(terminal: true, 50, [name, "1 B", new string('w', 60)]);
        Assert.Contains(name, text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 50, line));
        Assert.Contains("w…", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_terminal_nothing_is_cut() =>
        Assert.Contains(new string('w', 300), Render(terminal: false, 80, ["a", "b", new string('w', 300)]), StringComparison.Ordinal);

    [Fact]
    public void Control_characters_in_cells_are_shown_not_obeyed() =>
        Assert.DoesNotContain('\e', Render(terminal: false, 80, ["\e[31mred", "1", "x"]));

    private static string Render(bool terminal, int width, params string[][] rows)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        TextTable.Write(Columns, rows, new ScreenStreams
        {
            Output = output,
            Error = TextWriter.Null,
            OutputIsTerminal = terminal,
            Unicode = true,
            Width = () => width,
        });
        return output.ToString();
    }
}
