using System.Text;

namespace Torchyard.Images.Debian.Packages;

/// <summary>One paragraph of a control file (deb822(5)): fields in their order, names compared without case.</summary>
internal sealed class ControlParagraph
{
    private readonly List<KeyValuePair<string, string>> _fields = [];

    public IReadOnlyList<KeyValuePair<string, string>> Fields => _fields;

    /// <summary>Value of a field, continuation lines included; null when it is missing.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in _fields)
            {
                if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                {
                    return value;
                }
            }

            return null;
        }
    }

    /// <summary>Reads the first paragraph of a text; null when a line is malformed.</summary>
    public static ControlParagraph? Parse(string text)
    {
        var paragraph = new ControlParagraph();
        string? name = null;
        var value = new StringBuilder();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace())
            {
                if (name is null)
                {
                    continue;
                }

                break;
            }

            if (line[0] is ' ' or '\t')
            {
                if (name is null)
                {
                    return null;
                }

                value.Append('\n').Append(line.TrimEnd());
                continue;
            }

            Flush();
            var colon = line.IndexOf(':');
            if (colon <= 0)
            {
                return null;
            }

            name = line[..colon].ToString();
            value.Append(line[(colon + 1)..].Trim());
        }

        Flush();
        return paragraph._fields.Count > 0 ? paragraph : null;

        void Flush()
        {
            if (name is not null)
            {
                paragraph._fields.Add(new(name, value.ToString()));
                value.Clear();
            }
        }
    }
}
