using System.Text;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>
/// The header fields of METADATA and WHEEL: RFC 822-like <c>Name: value</c> lines up to the first empty one
/// (packaging.python.org, "Core metadata specifications"). Names are compared without case.
/// </summary>
public sealed class MetadataHeaders
{
    private readonly List<(string Name, string Value)> _fields = [];

    private MetadataHeaders() { }

    /// <summary>Reads the fields; what follows the first empty line is not looked at.</summary>
    /// <exception cref="InvalidDataException">Not UTF-8, or a line that is not a field.</exception>
    public static MetadataHeaders Parse(ReadOnlySpan<byte> content)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("it is not UTF-8");
        }

        var headers = new MetadataHeaders();
        foreach (var raw in text.TrimStart('\uFEFF').AsSpan().EnumerateLines())
        {
            if (raw.IsEmpty)
            {
                break;
            }

            if (raw[0] is ' ' or '\t')
            {
                if (headers._fields.Count == 0)
                {
                    throw new InvalidDataException("it begins with a continuation line");
                }

                var (name, value) = headers._fields[^1];
                headers._fields[^1] = (name, value + "\n" + raw.Trim().ToString());
                continue;
            }

            var colon = raw.IndexOf(':');
            if (colon <= 0)
            {
                throw new InvalidDataException($"the line '{Shorten(raw)}' is not a field");
            }

            headers._fields.Add((raw[..colon].Trim().ToString(), raw[(colon + 1)..].Trim().ToString()));
        }

        return headers;
    }

    /// <summary>The only value of a field, or null.</summary>
    /// <exception cref="InvalidDataException">The field is there twice.</exception>
    public string? Single(string name)
    {
        string? found = null;
        foreach (var value in All(name))
        {
            found = found is null ? value : throw new InvalidDataException($"{name} is there twice");
        }

        return found;
    }

    /// <summary>All values of a field, in order.</summary>
    public IEnumerable<string> All(string name) =>
        _fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value);

    private static string Shorten(ReadOnlySpan<char> line) => line.Length > 60 ? string.Concat(line[..60], "…") : line.ToString();
}
