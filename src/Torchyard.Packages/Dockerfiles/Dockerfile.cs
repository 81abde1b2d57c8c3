using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Dockerfiles;

/// <summary>
/// Reads a Dockerfile into its instructions (Dockerfile reference, docs.docker.com): parser directives, comments, continued lines,
/// here-documents. Nothing is run and nothing is fetched.
/// </summary>
public sealed partial class Dockerfile
{
    /// <summary>Most bytes of a file.</summary>
    public const int LargestFile = 1 << 20;

    private const string Code = "TY1050";
    private const int MostInstructions = 10_000;

    private readonly string[] _lines;
    private readonly string _file;
    private readonly List<DockerInstruction> _instructions = [];
    private char _escape = '\\';
    private int _at;

    private Dockerfile(string text, string file)
    {
        _lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        _file = file;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="content">UTF-8 bytes.</param>
    /// <param name="file">Its path for messages.</param>
    /// <returns>The instructions in order; the first but <c>ARG</c> is <c>FROM</c>.</returns>
    /// <exception cref="TorchyardException">TY1050: it is not a Dockerfile.</exception>
    public static IReadOnlyList<DockerInstruction> Parse(ReadOnlySpan<byte> content, string file)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content).TrimStart('\ufeff');
            return new Dockerfile(text, file).Read();
        }
        catch (DecoderFallbackException)
        {
            throw new TorchyardException(Code, $"{file} is not UTF-8 text", "save the file as UTF-8") { IsUsage = true };
        }
    }

    private List<DockerInstruction> Read()
    {
        ReadDirectives();
        while (_at < _lines.Length)
        {
            var line = _lines[_at].TrimStart();
            if (line.Length == 0 || line[0] == '#')
            {
                _at++;
                continue;
            }

            if (_instructions.Count == MostInstructions)
            {
                throw Wrong(_at + 1, $"it has more than {MostInstructions} instructions");
            }

            _instructions.Add(ReadInstruction());
        }

        var first = _instructions.Find(instruction => instruction.Name != "ARG");
        return first is { Name: "FROM" }
            ? _instructions
            : throw Wrong(first?.Line ?? 1, "a Dockerfile begins with FROM, and this does not");
    }

    // "# escape=`" and others, only before everything else.
    private void ReadDirectives()
    {
        foreach (var line in _lines)
        {
            if (Directive().Match(line) is not { Success: true } directive)
            {
                return;
            }

            if (
                directive.Groups[1].Value.Equals("escape", StringComparison.OrdinalIgnoreCase) && directive.Groups[2].Value is ['`' or '\\']
            )
            {
                _escape = directive.Groups[2].Value[0];
            }

            _at++;
        }
    }

    private DockerInstruction ReadInstruction()
    {
        var line = _at + 1;
        var text = new StringBuilder();
        var parts = new List<(int Offset, int Line)>();
        var goesOn = true;
        while (goesOn && _at < _lines.Length)
        {
            var part = _lines[_at];
            var trimmed = part.TrimStart();
            if (parts.Count > 0 && (trimmed.Length == 0 || trimmed[0] == '#'))
            {
                // Within a continued line, comments and empty lines are left out.
                _at++;
                continue;
            }

            var end = part.TrimEnd();
            goesOn = end.EndsWith(_escape);
            parts.Add((text.Length, _at + 1));
            text.Append(goesOn ? end[..^1] : part);
            _at++;
        }

        var whole = text.ToString();
        var start = whole.Length - whole.TrimStart().Length;
        var nameEnd = start;
        while (nameEnd < whole.Length && !char.IsWhiteSpace(whole[nameEnd]))
        {
            nameEnd++;
        }

        var name = whole[start..nameEnd].ToUpperInvariant();
        if (!name.All(char.IsAsciiLetter))
        {
            throw Wrong(line, $"'{Shortened(whole[start..nameEnd])}' is not an instruction");
        }

        var flags = new List<string>();
        var at = SkipSpace(whole, nameEnd);
        while (name is "FROM" or "RUN" or "COPY" or "ADD" or "HEALTHCHECK" && whole.AsSpan(at).StartsWith("--"))
        {
            var flagEnd = at;
            while (flagEnd < whole.Length && !char.IsWhiteSpace(whole[flagEnd]))
            {
                flagEnd++;
            }

            flags.Add(whole[at..flagEnd]);
            at = SkipSpace(whole, flagEnd);
        }

        var rest = whole[at..].TrimEnd();
        return new DockerInstruction(name, line, rest, flags)
        {
            Lines = [.. parts.Select(part => (part.Offset - at, part.Line))],
            Documents = name is "RUN" or "COPY" or "ADD" ? ReadDocuments(rest, line) : [],
        };
    }

    private List<(string Text, int Line)> ReadDocuments(string text, int line)
    {
        var documents = new List<(string, int)>();
        foreach (Match match in HereDocument().Matches(text))
        {
            var (isIndented, end) = (match.Groups[1].Length > 0, match.Groups[3].Value);
            var body = new StringBuilder();
            var first = _at + 1;
            while (true)
            {
                if (_at >= _lines.Length)
                {
                    throw Wrong(line, $"the here-document '{Shortened(end)}' does not end");
                }

                var next = isIndented ? _lines[_at].TrimStart('\t') : _lines[_at];
                _at++;
                if (next == end)
                {
                    break;
                }

                body.Append(next).Append('\n');
            }

            documents.Add((body.ToString(), first));
        }

        return documents;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    private static string Shortened(string text) => text.Length > 40 ? text[..40] + "…" : text;

    private TorchyardException Wrong(int line, string why) =>
        new(Code, VisibleText.Of(why), "correct the file, or name another: a requirements.txt, pyproject.toml or environment.yml")
        {
            Location = new SourceLocation(_file, line, 1),
            IsUsage = true,
        };

    [GeneratedRegex(@"^#\s*([A-Za-z]+)\s*=\s*(\S+)\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Directive();

    [GeneratedRegex(@"(?<![^\s0-9])<<(-?)(['""]?)([A-Za-z_][A-Za-z0-9_]*)\2", RegexOptions.CultureInvariant)]
    private static partial Regex HereDocument();
}
