using System.Globalization;
using Torchyard.Terminal;

namespace Torchyard.Tests.Terminal;

public sealed class TextPanelTests
{
    private const string Address = "http://127.0.0.1:8888/lab?token=0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly PanelRow[] Rows =
    [
        new("Jupyter", Address, Copied: true),
        new("Kept", "/workspace  is  /home/someone/a-project-with-quite-a-long-name/and-a-directory-below-it/which-has-no-room"),
        new(
            "Limits",
            "memory 21.2 GiB, 1.9 CPUs, /dev/shm 10.6 GiB, 32768 processes; not enforced here: --memory, --cpus, --pids-limit, 火炬火炬"
        ),
        new("Stop", "torchyard down", Copied: true),
    ];

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(200)]
    public void Nothing_breaks_the_frame(int width)
    {
        var lines = Render(width);
        var end = Array.FindIndex(lines, line => line.StartsWith('╰'));

        Assert.True(end > 0);
        Assert.All(lines[..(end + 1)], line => Assert.Equal(PlainText.Columns(lines[0]), PlainText.Columns(line)));
        Assert.True(PlainText.Columns(lines[0]) <= width);
        Assert.All(lines[1..end], line => Assert.True(line is ['│', ' ', .., ' ', '│'], line));
    }

    [Fact]
    public void What_is_copied_is_on_one_line_inside_or_below()
    {
        Assert.Contains(Address, Render(80));
        Assert.Contains("│ Stop     torchyard down", string.Join('\n', Render(80)), StringComparison.Ordinal);
        Assert.Contains("│ Jupyter  " + Address, string.Join('\n', Render(200)), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_goes_on_in_the_next_line_and_loses_nothing()
    {
        var shown = string.Concat(Render(60).Where(line => line.StartsWith('│')).Select(line => line[10..^1].Trim()));

        Assert.Contains("--pids-limit,火炬火炬", shown.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("/and-a-directory-below-it/which-has-no-room", shown, StringComparison.Ordinal);
    }

    private static string[] Render(int width)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        TextPanel.Write(
            "vision is ready",
            Rows,
            new ScreenStreams
            {
                Output = output,
                Error = TextWriter.Null,
                OutputIsTerminal = true,
                Unicode = true,
                Width = () => width,
            }
        );
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
