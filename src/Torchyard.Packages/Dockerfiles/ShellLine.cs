using System.Text;

namespace Torchyard.Packages.Dockerfiles;

/// <summary>
/// Takes a shell line apart into its simple commands (POSIX, "Shell Command Language": quoting, parameters, lists). It runs nothing: what
/// only a shell could tell is marked.
/// </summary>
public sealed class ShellLine
{
    private const int MostCommands = 5_000;

    // Words after which other commands stand: they depend on how a condition or loop goes.
    private static readonly string[] Opening = ["if", "then", "else", "elif", "for", "while", "until", "do", "case", "{", "!"];
    private static readonly string[] Closing = ["fi", "done", "esac", "}"];

    private readonly string _text;
    private readonly Func<int, int> _lineAt;
    private readonly Func<string, string?> _variable;
    private readonly List<ShellCommand> _commands = [];
    private readonly List<string> _words = [];
    private int _at;
    private int _start;
    private int _depth;
    private bool _isDynamic;
    private bool _isPart;
    private bool _afterPipe;
    private bool _isFile;

    private ShellLine(string text, Func<int, int> lineAt, Func<string, string?> variable) =>
        (_text, _lineAt, _variable) = (text, lineAt, variable);

    /// <summary>The commands of a text.</summary>
    /// <param name="text">The text; line feeds end commands.</param>
    /// <param name="lineAt">Line of a character.</param>
    /// <param name="variable">Value of a variable; null where nothing sets it.</param>
    public static IReadOnlyList<ShellCommand> Parse(string text, Func<int, int> lineAt, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(text);
        var line = new ShellLine(text, lineAt, variable);
        line.Read();
        return line._commands;
    }

    private void Read()
    {
        while (_at < _text.Length)
        {
            switch (_text[_at])
            {
                case ' ' or '\t' or '\r':
                    _at++;
                    break;
                case '\\' when _at + 1 < _text.Length && _text[_at + 1] == '\n':
                    _at += 2;
                    break;
                case '\n' or ';':
                    End(_at++);
                    break;
                case '#':
                    while (_at < _text.Length && _text[_at] != '\n')
                    {
                        _at++;
                    }

                    break;
                case '&':
                    End(_at);
                    _at += Next('&') ? 2 : 1;
                    break;
                case '|' when Next('|'):
                    End(_at);
                    _at += 2;
                    break;
                case '|':
                    _isPart = true;
                    End(_at++);
                    _afterPipe = true;
                    break;
                case '(':
                    End(_at++);
                    _depth++;
                    break;
                case ')':
                    End(_at++);
                    _depth = Math.Max(0, _depth - 1);
                    break;
                case '<' or '>':
                    // The file behind it is not a word of the command.
                    _at += Next(_text[_at]) || Next('&') ? 2 : 1;
                    _isFile = true;
                    break;
                default:
                    AddWord();
                    break;
            }
        }

        End(_at);
    }

    private bool Next(char letter) => _at + 1 < _text.Length && _text[_at + 1] == letter;

    private void End(int end)
    {
        var depth = _depth;
        var words = _words.ToList();
        while (words.Count > 0 && (Opening.Contains(words[0]) || Closing.Contains(words[0])))
        {
            _depth =
                Closing.Contains(words[0]) ? Math.Max(0, _depth - 1)
                : words[0] is "if" or "for" or "while" or "until" or "case" or "{" ? _depth + 1
                : _depth;
            words.RemoveAt(0);
            depth = Math.Max(depth, _depth);
        }

        if (words.Count > 0 && _commands.Count < MostCommands)
        {
            var written = string.Join(' ', _text[_start..end].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            _commands.Add(
                new ShellCommand(words, _lineAt(_start), written) { IsDynamic = _isDynamic, IsPart = _isPart || _afterPipe || depth > 0 }
            );
        }

        _words.Clear();
        (_isDynamic, _isPart, _afterPipe, _isFile) = (false, false, false, false);
    }

    private void AddWord()
    {
        if (_words.Count == 0)
        {
            _start = _at;
        }

        var word = new StringBuilder();
        while (_at < _text.Length && _text[_at] is not (' ' or '\t' or '\r' or '\n' or ';' or '&' or '|' or '(' or ')' or '<' or '>'))
        {
            switch (_text[_at])
            {
                case '\'':
                    var end = _text.IndexOf('\'', _at + 1);
                    word.Append(end < 0 ? _text[(_at + 1)..] : _text[(_at + 1)..end]);
                    _isDynamic |= end < 0;
                    _at = end < 0 ? _text.Length : end + 1;
                    break;
                case '"':
                    _at++;
                    AddQuoted(word);
                    break;
                case '\\':
                    if (_at + 1 < _text.Length && _text[_at + 1] != '\n')
                    {
                        word.Append(_text[_at + 1]);
                    }

                    _at = Math.Min(_at + 2, _text.Length);
                    break;
                case '$' or '`':
                    AddExpansion(word);
                    break;
                case '*' or '?':
                    _isDynamic = true;
                    word.Append(_text[_at++]);
                    break;
                default:
                    word.Append(_text[_at++]);
                    break;
            }
        }

        if (!_isFile)
        {
            _words.Add(word.ToString());
        }

        _isFile = false;
    }

    private void AddQuoted(StringBuilder word)
    {
        while (_at < _text.Length && _text[_at] != '"')
        {
            if (_text[_at] is '$' or '`')
            {
                AddExpansion(word);
            }
            else if (_text[_at] == '\\' && _at + 1 < _text.Length && _text[_at + 1] is '"' or '\\' or '$' or '`' or '\n')
            {
                if (_text[_at + 1] != '\n')
                {
                    word.Append(_text[_at + 1]);
                }

                _at += 2;
            }
            else
            {
                word.Append(_text[_at++]);
            }
        }

        // A quote that is not closed.
        _isDynamic |= _at >= _text.Length;
        _at = Math.Min(_at + 1, _text.Length);
    }

    private void AddExpansion(StringBuilder word)
    {
        if (_text[_at] == '`' || Next('('))
        {
            _isDynamic = true;
            var end = _text[_at] == '`' ? _text.IndexOf('`', _at + 1) : ClosingOf(_at + 1);
            end = end < 0 ? _text.Length - 1 : end;
            word.Append(_text, _at, end + 1 - _at);
            _at = end + 1;
            return;
        }

        if (DockerVariables.TryRead(_text, _at, _variable, out var value, out var length))
        {
            _isDynamic |= value is null;
            word.Append(value ?? _text.Substring(_at, length));
            _at += length;
            return;
        }

        word.Append(_text[_at++]);
    }

    // Index of the parenthesis that closes the one at an index; -1 for none.
    private int ClosingOf(int open)
    {
        var depth = 0;
        for (var i = open; i < _text.Length; i++)
        {
            depth +=
                _text[i] == '(' ? 1
                : _text[i] == ')' ? -1
                : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        return -1;
    }
}
