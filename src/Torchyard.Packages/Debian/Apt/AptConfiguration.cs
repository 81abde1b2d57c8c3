using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Apt;

/// <summary>
/// Settings in the format of apt.conf(5): <c>Name::Sub "value";</c>, nested <c>{ … }</c> scopes, lists, <c>#clear</c>, and the three
/// kinds of comments. Names compare without case; the last value wins.
/// </summary>
internal sealed class AptConfiguration
{
    private readonly List<KeyValuePair<string, string>> _values = [];

    /// <summary>Things in the files that are not followed, in words.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>The value of a name, or null.</summary>
    public string? this[string name] => _values.FindLast(entry => Same(entry.Key, name)).Value;

    /// <summary>All values of a list, in order: <c>Name::</c> and <c>Name { "a"; "b"; }</c>.</summary>
    public IEnumerable<string> List(string name) => _values.Where(entry => Same(entry.Key, name + "::")).Select(entry => entry.Value);

    /// <summary>A switch as apt reads it: yes, true, with, on, enable, 1 and their opposites.</summary>
    public bool Switch(string name, bool unset) =>
        this[name]?.ToLowerInvariant() switch
        {
            "yes" or "true" or "with" or "on" or "enable" or "1" => true,
            "no" or "false" or "without" or "off" or "disable" or "0" => false,
            _ => unset,
        };

    /// <summary>Adds the settings of a file.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="file">Its path, for errors.</param>
    /// <exception cref="TorchyardException">TY2010: the text breaks the format.</exception>
    public void Read(string text, string file) => new Parser(this, text, file).Run();

    private static bool Same(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private void Set(string name, string value)
    {
        if (!name.EndsWith("::", StringComparison.Ordinal))
        {
            _values.RemoveAll(entry => Same(entry.Key, name));
        }

        _values.Add(new(name, value));
    }

    private void Clear(string name) =>
        _values.RemoveAll(entry => Same(entry.Key, name) || entry.Key.StartsWith(name + "::", StringComparison.OrdinalIgnoreCase));

    private sealed class Parser(AptConfiguration configuration, string text, string file)
    {
        private const int MostScopes = 64;

        private readonly List<string> _scopes = [];
        private int _at;

        public void Run()
        {
            while (Skip())
            {
                if (text[_at] == '}')
                {
                    _at++;
                    if (_scopes.Count == 0)
                    {
                        throw Broken("'}' without '{'");
                    }

                    _scopes.RemoveAt(_scopes.Count - 1);
                }
                else if (text[_at] == ';')
                {
                    _at++;
                }
                else
                {
                    Statement();
                }
            }

            if (_scopes.Count > 0)
            {
                throw Broken($"'}}' is missing after '{_scopes[^1]}'");
            }
        }

        private void Statement()
        {
            if (text[_at] == '#')
            {
                Directive();
                return;
            }

            if (text[_at] == '"')
            {
                // A value without a name is an item of the list that the scope names.
                configuration.Set(Full("") + "::", Word());
                End();
                return;
            }

            var name = Word();
            if (!Skip() || text[_at] is ';' or '}')
            {
                // "Name;" declares a name, and in a scope it is an item without quotes.
                if (_scopes.Count > 0)
                {
                    configuration.Set(Full("") + "::", name);
                }

                End();
                return;
            }

            if (text[_at] == '{')
            {
                _at++;
                Open(name);
                return;
            }

            var value = Value();
            if (Skip() && text[_at] == '{')
            {
                configuration.Set(Full(name), value);
                _at++;
                Open(name);
                return;
            }

            configuration.Set(Full(name), value);
            End();
        }

        private void Open(string name)
        {
            if (_scopes.Count >= MostScopes)
            {
                throw Broken("scopes are nested too deeply");
            }

            _scopes.Add(name);
        }

        private void Directive()
        {
            var line = text[_at..EndOfLine()];
            if (line.StartsWith("#clear", StringComparison.Ordinal))
            {
                _at += 6;
                while (Skip() && text[_at] is not (';' or '}'))
                {
                    configuration.Clear(Full(Word()));
                }

                End();
            }
            else
            {
                configuration.Notes.Add($"{file}: '{line.Trim()}' is not followed");
                _at = EndOfLine();
            }
        }

        private string Value()
        {
            var value = new StringBuilder(Word());
            while (Skip() && text[_at] is not (';' or '{' or '}'))
            {
                value.Append(' ').Append(Word());
            }

            return value.ToString();
        }

        private string Word()
        {
            var start = _at;
            if (text[_at] == '"')
            {
                var close = text.IndexOf('"', _at + 1);
                if (close < 0)
                {
                    throw Broken("a quotation mark is missing");
                }

                _at = close + 1;
                return text[(start + 1)..close];
            }

            while (_at < text.Length && !char.IsWhiteSpace(text[_at]) && text[_at] is not (';' or '{' or '}' or '"'))
            {
                _at++;
            }

            // At '{' or '}' there is none; whoever waits for the next would wait for ever.
            return _at > start ? text[start.._at] : throw Broken($"a name is missing before '{text[_at]}'");
        }

        private void End()
        {
            if (Skip() && text[_at] == ';')
            {
                _at++;
            }
            else if (_at >= text.Length || text[_at] != '}')
            {
                throw Broken("';' is missing");
            }
        }

        // To the next thing that is neither white space nor a comment; false at the end.
        private bool Skip()
        {
            while (_at < text.Length)
            {
                var rest = text.AsSpan(_at);
                if (char.IsWhiteSpace(rest[0]))
                {
                    _at++;
                }
                else if (rest.StartsWith("//") || (rest[0] == '#' && !rest.StartsWith("#clear") && !rest.StartsWith("#include")))
                {
                    _at = EndOfLine();
                }
                else if (rest.StartsWith("/*"))
                {
                    var close = text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                    _at = close < 0 ? throw Broken("'*/' is missing") : close + 2;
                }
                else
                {
                    return true;
                }
            }

            return false;
        }

        private int EndOfLine()
        {
            var end = text.IndexOf('\n', _at);
            return end < 0 ? text.Length : end;
        }

        private string Full(string name) => string.Join("::", name.Length == 0 ? _scopes : _scopes.Append(name));

        private TorchyardException Broken(string what)
        {
            var before = text[..Math.Min(_at, text.Length)];
            var line = before.Count(c => c == '\n') + 1;
            return new TorchyardException(
                "TY2010",
                $"{file}:{line}: {what}",
                "correct the file (apt-config dump shows whether apt can read it)"
            )
            {
                Location = new SourceLocation(file, line, before.Length - before.LastIndexOf('\n')),
            };
        }
    }
}
