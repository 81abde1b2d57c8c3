using System.Text;

namespace Torchyard.Terminal;

/// <summary>
/// Text of a program's log as a terminal may have it: colours and weight pass (SGR of ECMA-48, 8.3.117), and nothing else that a terminal
/// would obey. Sequences that move the cursor, set titles, write the clipboard, ask for reports or switch character sets are shown by their
/// visible beginning, so that a reader sees that they are there.
/// </summary>
/// <param name="colours">False where no colours are wanted: then they are taken out.</param>
internal sealed class LogText(bool colours)
{
    // More parameters than any colour needs.
    private static readonly System.Buffers.SearchValues<char> StyleParameters = System.Buffers.SearchValues.Create("0123456789;:");

    private const int LongestStyle = 64;

    private bool _styled;

    /// <summary>The text of a line, or a part of one.</summary>
    public string Of(string text)
    {
        if (PlainText.Clean(text) == text)
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; )
        {
            if (Style(text.AsSpan(i)) is var style and > 0)
            {
                shown.Append(text, i, colours ? style : 0);
                _styled |= colours;
                i += style;
                continue;
            }

            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var length) != System.Buffers.OperationStatus.Done)
            {
                rune = Rune.ReplacementChar;
            }

            Append(shown, rune, atEnd: i + length == text.Length);
            i += length;
        }

        return shown.ToString();
    }

    /// <summary>What ends the styles that were let through; empty when there were none.</summary>
    public string End() => _styled ? "\e[0m" : "";

    private static void Append(StringBuilder shown, Rune rune, bool atEnd)
    {
        switch (rune.Value)
        {
            case '\n' or '\t':
                shown.Append((char)rune.Value);
                break;
            case '\r':
                // A bar that is drawn over and over: each state on a line of its own, so that none covers another.
                shown.Append(atEnd ? "" : "\n");
                break;
            case < 0x20:
                // ^[ for ESC, ^G for BEL: caret notation, as cat -v and less have it.
                shown.Append('^').Append((char)(rune.Value + '@'));
                break;
            case 0x7f:
                shown.Append("^?");
                break;
            default:
                shown.Append(PlainText.IsUnseen(rune) ? PlainText.Clean(rune.ToString()) : rune.ToString());
                break;
        }
    }

    /// <summary>
    /// Length of the style that a text begins with: <c>ESC [ digits ; : m</c>; 0 for none. Concealed text (8) is not a style to pass.
    /// </summary>
    private static int Style(ReadOnlySpan<char> text)
    {
        if (text is not ['\e', '[', ..])
        {
            return 0;
        }

        var end = text[2..].IndexOfAnyExcept(StyleParameters);
        return end >= 0 && end <= LongestStyle && text[2 + end] == 'm' && !Conceals(text.Slice(2, end)) ? end + 3 : 0;
    }

    private static bool Conceals(ReadOnlySpan<char> parameters)
    {
        var rest = 0;
        var extended = false;
        foreach (var place in parameters.Split(';'))
        {
            var parameter = parameters[place].TrimStart('0');
            if (extended)
            {
                // 38 and 48 choose a colour by number (5;N) or by red, green and blue (2;R;G;B).
                (extended, rest) = (false, parameter is "5" ? 1 : 3);
            }
            else if (rest > 0)
            {
                rest--;
            }
            else if (parameter is "8")
            {
                return true;
            }
            else
            {
                extended = parameter is "38" or "48" or "58";
            }
        }

        return false;
    }
}
