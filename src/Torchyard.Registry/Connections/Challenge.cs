using System.Text;

namespace Torchyard.Registry.Connections;

/// <summary>
/// How a server wants to be asked (RFC 9110, section 11.6.1): one scheme of a <c>WWW-Authenticate</c> header, with its parameters.
/// </summary>
/// <param name="Scheme">In lower case: <c>basic</c>, <c>bearer</c>.</param>
/// <param name="Parameters">Names in lower case.</param>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int Most = 16;
    private const int LongestHeader = 16 << 10;

    /// <summary>Value of a parameter; null without it, or when it is empty.</summary>
    public string? this[string name] => Parameters.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    /// <summary>What an answer says.</summary>
    public static IReadOnlyList<Challenge> Of(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out var values) ? Read(values) : [];

    /// <summary>Reads headers: each may have several schemes, commas in quotes part nothing. What is not readable is passed over.</summary>
    public static IReadOnlyList<Challenge> Read(IEnumerable<string> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var found = new List<Challenge>();
        foreach (var header in headers.Where(header => header.Length <= LongestHeader).Take(Most))
        {
            Read(header, found);
        }

        return found;
    }

    private static void Read(string header, List<Challenge> found)
    {
        Dictionary<string, string>? parameters = null;
        var at = 0;
        while (at < header.Length && found.Count < Most)
        {
            at = Skip(header, at);
            var word = Word(header, ref at);
            if (word.Length == 0)
            {
                at++;
                continue;
            }

            var behind = SkipBlanks(header, at);
            if (parameters is not null && behind < header.Length && header[behind] == '=')
            {
                at = SkipBlanks(header, behind + 1);
                parameters[word.ToLowerInvariant()] = Value(header, ref at);
            }
            else
            {
                parameters = new Dictionary<string, string>(StringComparer.Ordinal);
                found.Add(new Challenge(word.ToLowerInvariant(), parameters));
            }
        }
    }

    private static string Value(string header, ref int at)
    {
        if (at >= header.Length || header[at] != '"')
        {
            // Some do not quote what has to be.
            var from = at;
            while (at < header.Length && header[at] is not (',' or ' ' or '\t'))
            {
                at++;
            }

            return header[from..at];
        }

        var value = new StringBuilder();
        for (at++; at < header.Length && header[at] != '"'; at++)
        {
            if (header[at] == '\\' && at + 1 < header.Length)
            {
                at++;
            }

            value.Append(header[at]);
        }

        at++;
        return value.ToString();
    }

    private static string Word(string header, ref int at)
    {
        var from = at;
        while (
            at < header.Length
            && (char.IsAsciiLetterOrDigit(header[at]) || "!#$%&'*+-.^_`|~".Contains(header[at], StringComparison.Ordinal))
        )
        {
            at++;
        }

        return header[from..at];
    }

    private static int Skip(string header, int at)
    {
        while (at < header.Length && header[at] is (',' or ' ' or '\t'))
        {
            at++;
        }

        return at;
    }

    private static int SkipBlanks(string header, int at)
    {
        while (at < header.Length && header[at] is (' ' or '\t'))
        {
            at++;
        }

        return at;
    }
}
