using System.Text;

namespace Torchyard.Tests.Documentation;

/// <summary>
/// The simple commands of a line of shell, as words: enough of POSIX.1-2017, XCU 2.2 to 2.9 for the lines that a page shows.
/// </summary>
internal static class ShellWords
{
    /// <summary>Each command of a line with its words; quotes are taken away, redirections too, nothing is expanded.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Commands(string line)
    {
        var commands = new List<IReadOnlyList<string>>();
        var words = new List<string>();
        StringBuilder? word = null;
        void EndWord()
        {
            if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }

        void EndCommand()
        {
            EndWord();
            var kept = new List<string>();
            for (var i = 0; i < words.Count; i++)
            {
                if (words[i] is ">" or ">>" or "<" or "2>")
                {
                    i++;
                }
                else
                {
                    kept.Add(words[i]);
                }
            }

            if (kept.Count > 0)
            {
                commands.Add(kept);
            }

            words.Clear();
        }

        for (var i = 0; i < line.Length; i++)
        {
            switch (line[i])
            {
                case ' ' or '\t':
                    EndWord();
                    break;
                case '#' when word is null:
                    i = line.Length;
                    break;
                case '\'':
                    word ??= new StringBuilder();
                    while (++i < line.Length && line[i] != '\'')
                    {
                        word.Append(line[i]);
                    }

                    break;
                case '"':
                    word ??= new StringBuilder();
                    while (++i < line.Length && line[i] != '"')
                    {
                        word.Append(line[i] == '\\' && i + 1 < line.Length ? line[++i] : line[i]);
                    }

                    break;
                case '\\' when i + 1 < line.Length:
                    (word ??= new StringBuilder()).Append(line[++i]);
                    break;
                case ';' or '|' or '&':
                    EndCommand();
                    break;
                default:
                    (word ??= new StringBuilder()).Append(line[i]);
                    break;
            }
        }

        EndCommand();
        return commands;
    }
}
