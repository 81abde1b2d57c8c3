using System.Text;

namespace Torchyard.Packages.Debian.Control;

/// <summary>Text out of control files, made fit for people and for lists.</summary>
internal static class ControlText
{
    /// <summary>At most 60 characters for an error message, with control characters replaced.</summary>
    public static string Excerpt(ReadOnlySpan<byte> text)
    {
        var shown = Encoding.UTF8.GetString(text.Length > 60 ? text[..60] : text);
        var clean = string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
        return text.Length > 60 ? clean + "…" : clean;
    }

    /// <summary>The words of a folded value, parted by white space.</summary>
    public static string[] Words(ReadOnlySpan<byte> value) =>
        Encoding.UTF8.GetString(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
