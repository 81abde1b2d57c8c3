using System.Globalization;
using System.Text;

namespace Torchyard.Platform.Toml;

/// <summary>Writes TOML in one fixed form: the same data gives the same bytes.</summary>
internal sealed class TomlText
{
    private readonly StringBuilder _text = new();

    public TomlText Comment(string text)
    {
        _text.Append("# ").Append(text).Append('\n');
        return this;
    }

    public TomlText Blank()
    {
        _text.Append('\n');
        return this;
    }

    public TomlText Header(string path)
    {
        _text.Append("\n[").Append(path).Append("]\n");
        return this;
    }

    public TomlText ArrayHeader(string path)
    {
        _text.Append("\n[[").Append(path).Append("]]\n");
        return this;
    }

    public TomlText Add(string key, string? value)
    {
        if (value is not null)
        {
            Key(key);
            Quote(value);
            _text.Append('\n');
        }

        return this;
    }

    public TomlText Add(string key, long? value)
    {
        if (value is { } number)
        {
            Key(key);
            _text.Append(number).Append('\n');
        }

        return this;
    }

    public TomlText Add(string key, double? value)
    {
        if (value is { } number)
        {
            var digits = number.ToString("R", CultureInfo.InvariantCulture);
            Key(key);
            _text.Append(digits.AsSpan().ContainsAny('.', 'E') ? digits : digits + ".0").Append('\n');
        }

        return this;
    }

    public TomlText Add(string key, bool value)
    {
        Key(key);
        _text.Append(value ? "true\n" : "false\n");
        return this;
    }

    /// <summary>An array; long ones take a line for each item, so that a change is a change of one line.</summary>
    public TomlText Add(string key, IReadOnlyList<string> values)
    {
        Key(key);
        if (values.Count <= 1)
        {
            _text.Append('[');
            if (values.Count == 1)
            {
                Quote(values[0]);
            }

            _text.Append("]\n");
            return this;
        }

        _text.Append("[\n");
        foreach (var value in values)
        {
            _text.Append("  ");
            Quote(value);
            _text.Append(",\n");
        }

        _text.Append("]\n");
        return this;
    }

    /// <summary>A table of texts, by key (ordinal); nothing when it is empty.</summary>
    public TomlText AddMap(string path, IReadOnlyDictionary<string, string> map)
    {
        if (map.Count > 0)
        {
            Header(path);
            foreach (var (key, value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                Add(key, value);
            }
        }

        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>A text as a basic string, on one line.</summary>
    public static string Quoted(string value)
    {
        var text = new TomlText();
        text.Quote(value);
        return text.ToString();
    }

    private void Key(string key)
    {
        if (key.Length > 0 && key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'))
        {
            _text.Append(key);
        }
        else
        {
            Quote(key);
        }

        _text.Append(" = ");
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '\t' => _text.Append("\\t"),
                '\r' => _text.Append("\\r"),
                < ' ' or '\u007f' => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:X4}"),
                _ => _text.Append(letter),
            };
        }

        _text.Append('"');
    }
}
