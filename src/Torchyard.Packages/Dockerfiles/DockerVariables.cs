using System.Text;

namespace Torchyard.Packages.Dockerfiles;

/// <summary>Variables as a Dockerfile has them (Dockerfile reference, "Environment replacement").</summary>
public static class DockerVariables
{
    private const int LongestValue = 64 * 1024;

    /// <summary>Replaces the variables of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="variable">Value of a variable; null where nothing sets it.</param>
    /// <returns>The text; null where a variable is not known, or what comes out is larger than any right value.</returns>
    public static string? Replace(string text, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(text);
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; )
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '$')
            {
                result.Append('$');
                i += 2;
            }
            else if (text[i] == '$' && TryRead(text, i, variable, out var value, out var length))
            {
                if (value is null)
                {
                    return null;
                }

                result.Append(value);
                i += length;
            }
            else
            {
                result.Append(text[i++]);
            }

            if (result.Length > LongestValue)
            {
                return null;
            }
        }

        return result.ToString();
    }

    /// <summary>The words of <c>ENV</c>, <c>ARG</c> and <c>LABEL</c>, quotes removed; variables stay as they are.</summary>
    public static IReadOnlyList<string> Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new List<string>();
        var word = new StringBuilder();
        var isWord = false;
        var quote = '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            if (letter == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && letter is ('"' or '\''))
            {
                (quote, isWord) = (letter, true);
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                if (isWord)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    isWord = false;
                }
            }
            else
            {
                // Within quotes a backslash stands for itself, but before what it keeps from its meaning.
                if (letter == '\\' && quote != '\'' && i + 1 < text.Length && (quote == '\0' || text[i + 1] is '"' or '\\'))
                {
                    letter = text[++i];
                }

                word.Append(letter);
                isWord = true;
            }
        }

        return isWord ? [.. words, word.ToString()] : words;
    }

    /// <summary>Reads <c>$NAME</c>, <c>${NAME}</c>, <c>${NAME:-otherwise}</c> or <c>${NAME:+instead}</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Index of the dollar sign.</param>
    /// <param name="variable">Value of a variable; null where nothing sets it.</param>
    /// <param name="value">The value; null where it is not known.</param>
    /// <param name="length">Characters that it takes in the text.</param>
    /// <returns>False where no variable stands there.</returns>
    internal static bool TryRead(string text, int at, Func<string, string?> variable, out string? value, out int length)
    {
        (value, length) = (null, 0);
        var isBraced = at + 1 < text.Length && text[at + 1] == '{';
        var start = at + (isBraced ? 2 : 1);
        var end = start;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
        {
            end++;
        }

        if (end == start || char.IsAsciiDigit(text[start]))
        {
            return false;
        }

        value = variable(text[start..end]);
        if (!isBraced)
        {
            length = end - at;
            return true;
        }

        var close = text.IndexOf('}', end);
        if (close < 0)
        {
            return false;
        }

        length = close + 1 - at;
        var rest = text[end..close];
        value = rest switch
        {
            "" => value,
            [':', '-', ..] => string.IsNullOrEmpty(value) ? rest[2..] : value,
            [':', '+', ..] => string.IsNullOrEmpty(value) ? "" : rest[2..],
            _ => null,
        };
        return true;
    }
}
