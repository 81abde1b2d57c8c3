using System.Globalization;
using System.Text;

namespace Torchyard.Platform.Text;

/// <summary>Text of strangers inside a sentence of ours, such as a question: nothing in it can hide, turn around or end the line.</summary>
public static class VisibleText
{
    /// <summary>The text with every character that does not show as itself written as <c>&lt;U+202E&gt;</c>.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                // Half of a pair.
                Escape(text[i]);
                continue;
            }

            i += rune.Utf16SequenceLength - 1;
            if (IsVisible(rune))
            {
                result.Append(rune);
            }
            else
            {
                Escape(rune.Value);
            }
        }

        return result.ToString();

        void Escape(int value) => result.Append(CultureInfo.InvariantCulture, $"<U+{value:X4}>");
    }

    private static bool IsVisible(Rune rune) =>
        rune.Value == ' '
        || Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.EnclosingMark
            );
}
