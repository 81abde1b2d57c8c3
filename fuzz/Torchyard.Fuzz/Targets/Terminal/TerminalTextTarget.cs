using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Fuzz.Targets.Terminal;

/// <summary>Text of strangers on its way to a terminal.</summary>
internal sealed class TerminalTextTarget : TextTarget
{
    public override string Name => "terminal-text";

    public override string Input => "names and messages of strangers that are printed";

    public override IReadOnlyList<string> Words =>
        ["\u001b[2J", "\u001b]52;c;aGk=\u0007", "\u202e", "\u200b", "\ud83d\ude00", "\u0301", "\u009b1m", "\n", "\t", "漢字"];

    protected override object? Parse(string text)
    {
        var clean = PlainText.Clean(text);
        Require(PlainText.Clean(clean) == clean, "clean text is cleaned once more");
        Require(
            !clean.Any(character => char.IsControl(character) && character is not ('\n' or '\t')),
            "a control character is left in clean text"
        );
        var visible = VisibleText.Of(text);
        Require(!visible.Any(char.IsControl), "a control character is left in visible text");
        foreach (var width in new[] { 1, 2, 10, 80 })
        {
            Require(PlainText.Columns(PlainText.Fit(text, width, unicode: true)) <= width, "a text that was cut is too wide");
        }

        return (clean, visible, TextWrap.Words(text, 20).ToList(), Count(text));
    }

    private static int Count(string text) => PlainText.Columns(text);
}
