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
            Render(terminal: false, 80, ["火炬", "12 MB", "one"], ["plain", "1 B", "two"])
        );
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
    public void Sentences_go_on_below_where_a_terminal_is_narrow_and_a_long_word_is_parted()
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        TextTable.Write(
            [new("NAME", Whole: true), new("WHY") { Wraps = true }],
            [
                ["one", "because it is so"],
                ["two", "https://host.example/"],
            ],
            new ScreenStreams
            {
                Output = output,
                Error = TextWriter.Null,
                OutputIsTerminal = true,
                Width = () => 20,
            }
        );
        Assert.Equal("NAME   WHY\none    because it is\n       so\ntwo    https://host.\n       example/\n", output.ToString());
    }

    [Theory]
    [InlineData(120, "NAME STATUS CREATED PORTS COMMAND")]
    [InlineData(80, "NAME STATUS PORTS COMMAND")]
    [InlineData(60, "NAME STATUS")]
    public void Columns_that_may_be_missing_make_room_for_those_that_are_never_cut(int width, string titles)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        Column[] columns =
        [
            new("NAME", Whole: true),
            new("STATUS", Whole: true),
            new("CREATED", Drop: 1),
            new("PORTS", Drop: 2),
            new("COMMAND", Drop: 3),
        ];
        const string Status = "Exited (137, out of memory) 3 minutes ago";
        TextTable.Write(
            columns,
            [
                ["training", Status, "4 minutes ago", "127.0.0.1:8888->8888/tcp", "python3 train.py --epochs 100"],
            ],
            new ScreenStreams
            {
                Output = output,
                Error = TextWriter.Null,
                OutputIsTerminal = true,
                Unicode = true,
                Width = () => width,
            }
        );

        var lines = output.ToString().Split('\n');
        Assert.Equal(titles, string.Join(' ', lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Contains(Status, lines[1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.True(PlainText.Columns(line) <= width, line));
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
        TextTable.Write(
            Columns,
            rows,
            new ScreenStreams
            {
                Output = output,
                Error = TextWriter.Null,
                OutputIsTerminal = terminal,
                Unicode = true,
                Width = () => width,
            }
        );
        return output.ToString();
    }
}
