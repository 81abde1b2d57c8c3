using System.Text;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>
/// The options of a line as words, by the rules of Python's <c>shlex.split</c>, which pip uses: quotes and backslashes as in a POSIX shell.
/// </summary>
internal static class ShellWords
{
    /// <summary>Splits a text from a place on.</summary>
    /// <param name="text">The text.</param>
    /// <param name="at">Where the options begin.</param>
    /// <param name="words">Words with the index of their first character.</param>
    /// <param name="wrong">Index of a quote that is not closed, or of a backslash with nothing behind it; -1 when all is well.</param>
    public static bool TrySplit(string text, int at, out IReadOnlyList<(string Word, int At)> words, out int wrong)
    {
        var found = new List<(string, int)>();
        var word = new StringBuilder();
        var start = -1;
        words = found;
        wrong = -1;
        for (var i = at; i < text.Length; i++)
        {
            var c = text[i];
            if (c is ' ' or '\t' or '\r' or '\n')
            {
                Finish();
                continue;
            }

            start = start < 0 ? i : start;
            if (c == '\\')
            {
                if (++i == text.Length)
                {
                    wrong = i - 1;
                    return false;
                }

                word.Append(text[i]);
            }
            else if (c is '"' or '\'')
            {
                wrong = i;
                for (i++; i < text.Length && text[i] != c; i++)
                {
                    // Within double quotes a backslash quotes itself and the quote, and stands for itself before all else.
                    if (c == '"' && text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '\\' or '"')
                    {
                        i++;
                    }

                    word.Append(text[i]);
                }

                if (i == text.Length)
                {
                    return false;
                }

                wrong = -1;
            }
            else
            {
                word.Append(c);
            }
        }

        Finish();
        return true;

        void Finish()
        {
            if (start >= 0)
            {
                found.Add((word.ToString(), start));
                word.Clear();
                start = -1;
            }
        }
    }
}
