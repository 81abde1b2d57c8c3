using System.Globalization;
using System.Text;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>Writes a page in the language of man(7), as groff and mandoc read it.</summary>
internal sealed class RoffText
{
    // Escapes make lines longer; they stay within the 80 columns that mandoc asks for.
    private const int Width = 66;
    private readonly StringBuilder _text = new();

    /// <summary>
    /// Letters as they are: roff would take some for its own commands, and show others as typographic signs that no shell takes.
    /// </summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => escaped.Append(@"\e"),
                '-' => escaped.Append(@"\-"),
                '\'' => escaped.Append(@"\(aq"),
                '"' => escaped.Append(@"\(dq"),
                '`' => escaped.Append(@"\(ga"),
                '^' => escaped.Append(@"\(ha"),
                '~' => escaped.Append(@"\(ti"),
                < 128 => escaped.Append(rune.ToString()),
                var other => escaped.Append(CultureInfo.InvariantCulture, $@"\[u{other:X4}]"),
            };
        }

        return escaped.ToString();
    }

    /// <summary>Literal text, escaped.</summary>
    public static string Bold(string text) => $@"\fB{Escape(text)}\fR";

    /// <summary>What the user replaces, escaped.</summary>
    public static string Italic(string text) => $@"\fI{Escape(text)}\fR";

    /// <summary>A line with a command of roff.</summary>
    public void Macro(string line) => _text.Append(line).Append('\n');

    /// <summary>A section.</summary>
    public void Heading(string heading) => Macro($".SH {Escape(heading)}");

    /// <summary>The next text is a new paragraph.</summary>
    public void Paragraph() => Macro(".PP");

    /// <summary>The next text begins a line.</summary>
    public void Break() => Macro(".br");

    /// <summary>A point of a list; its text follows.</summary>
    /// <param name="tag">What it is about, escaped.</param>
    public void Item(string tag)
    {
        Macro(".TP");
        Line(tag);
    }

    /// <summary>A line of parts that are escaped already.</summary>
    public void Line(params ReadOnlySpan<string> parts)
    {
        var line = string.Concat(parts);
        // At the beginning of a line these two make it a command.
        _text.Append(line is ['.' or '\'', ..] ? @"\&" : "").Append(line).Append('\n');
    }

    /// <summary>Plain text that is filled into lines.</summary>
    public void Words(string text)
    {
        foreach (var line in TextWrap.Words(text, Width))
        {
            Line(Escape(line));
        }
    }

    /// <summary>
    /// Paragraphs that are separated by empty lines; lines that begin with a blank, such as lists and examples, stay as they are.
    /// </summary>
    public void Paragraphs(string text)
    {
        var literal = false;
        var separated = false;
        var words = new List<string>();
        foreach (var line in text.Split('\n').Append(""))
        {
            var indented = line.StartsWith(' ');
            if ((line.Length == 0 || indented) && words.Count > 0)
            {
                Words(string.Join(' ', words));
                words.Clear();
            }

            if (literal && !indented)
            {
                Macro(".fi");
                Macro(".RE");
                literal = false;
                separated |= line.Length > 0;
            }

            if (line.Length == 0)
            {
                separated = true;
                continue;
            }

            if (indented)
            {
                if (!literal)
                {
                    Macro(".PP");
                    Macro(".RS 2");
                    Macro(".nf");
                    literal = true;
                }

                Line(Escape(line.Trim()));
            }
            else
            {
                if (separated)
                {
                    Paragraph();
                }

                words.Add(line.TrimEnd());
            }

            separated = false;
        }
    }

    /// <summary>Other pages, as a list.</summary>
    public void References(IEnumerable<string> names, string section)
    {
        var list = names.ToList();
        foreach (var name in list)
        {
            Macro($".BR {Escape(name)} ({section}){(name == list[^1] ? "" : ",")}");
        }
    }

    public override string ToString() => _text.ToString();
}
