#pragma warning disable RS0030 // The only place that reads addresses: everything else goes through it.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Torchyard.Platform.Text;

/// <summary>
/// Reads addresses that recipes, requirement files, locks and servers give. An address with characters that nobody
/// sees (control characters, marks of writing direction, tags) is refused: it looks like another one, and <see cref="Uri"/> fails on some
/// of them only when it is asked for its parts.
/// </summary>
public static class UrlText
{
    /// <summary>Reads an absolute address; white space around it does not count.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="url">The address.</param>
    public static bool TryRead([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Uri? url)
    {
        url = null;
        return IsVisible(text) && Uri.TryCreate(text, UriKind.Absolute, out url);
    }

    /// <summary>The same for one that may be relative to another.</summary>
    /// <param name="root">Where the text was found.</param>
    /// <param name="text">The text, or null.</param>
    /// <param name="url">The address.</param>
    public static bool TryRead(Uri root, [NotNullWhen(true)] string? text, [NotNullWhen(true)] out Uri? url)
    {
        url = null;
        return IsVisible(text) && Uri.TryCreate(root, text, out url);
    }

    /// <summary>The address of a path on the server of another address, whatever the path is: it cannot name another server.</summary>
    /// <param name="root">An absolute address; its path ends with a slash, or its last part is replaced.</param>
    /// <param name="path">The path below, and a query if need be; what others wrote in it is escaped.</param>
    public static Uri At(Uri root, string path) => new(root, "./" + path);

    private static bool IsVisible([NotNullWhen(true)] string? text)
    {
        if (text is null)
        {
            return false;
        }

        // By whole characters: half of one stands for U+FFFD, and tags (U+E0001 and on) are made of two halves.
        foreach (var character in text.AsSpan().Trim().EnumerateRunes())
        {
            if (
                character == Rune.ReplacementChar
                || Rune.GetUnicodeCategory(character)
                    is UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
            )
            {
                return false;
            }
        }

        return true;
    }
}
