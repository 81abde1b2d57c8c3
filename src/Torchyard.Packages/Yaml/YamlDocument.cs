using System.Text;
using Torchyard.Platform.Errors;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Torchyard.Packages.Yaml;

/// <summary>
/// Reads a YAML file of a stranger into a tree: the events of YamlDotNet's parser, which needs no reflection. Size and nesting are bounded,
/// and aliases, with which a small file gives a huge tree, are refused.
/// </summary>
public static class YamlDocument
{
    /// <summary>Most bytes of a file.</summary>
    public const int LargestFile = 1 << 20;

    private const string Code = "TY1050";
    private const int DeepestNesting = 16;

    /// <summary>Reads UTF-8 bytes.</summary>
    /// <param name="content">The file.</param>
    /// <param name="file">Its path for messages.</param>
    /// <returns>The first document; a mapping without entries for an empty file.</returns>
    /// <exception cref="TorchyardException">TY1050: it is not YAML, not UTF-8, nested too deep, or has aliases.</exception>
    public static YamlNode Parse(ReadOnlySpan<byte> content, string file)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content).TrimStart('\ufeff');
        }
        catch (DecoderFallbackException)
        {
            throw new TorchyardException(Code, $"{file} is not UTF-8 text", "save the file as UTF-8") { IsUsage = true };
        }

        try
        {
            var parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
            while (parser.MoveNext())
            {
                if (parser.Current is not (StreamStart or DocumentStart or DocumentEnd or StreamEnd))
                {
                    return Read(parser, file, 0);
                }
            }

            return new YamlMap([], 1);
        }
        catch (YamlException wrong)
        {
            throw Wrong(file, wrong.Start, $"this is not YAML: {Sentence(wrong)}", wrong);
        }
        catch (Exception wrong) when (wrong is ArgumentException or InvalidOperationException or FormatException)
        {
            // What the parser's own lookahead and escapes throw for some texts that are not YAML either.
            throw Wrong(file, Mark.Empty, "this is not YAML", wrong);
        }
    }

    // Stands at the first event of a node, and ends at its last.
    private static YamlNode Read(Parser parser, string file, int depth)
    {
        var start = parser.Current!;
        if (depth > DeepestNesting)
        {
            throw Wrong(file, start.Start, $"it is nested deeper than {DeepestNesting} levels");
        }

        switch (start)
        {
            case Scalar scalar:
                return new YamlText(scalar.Value, Line(start));
            case SequenceStart:
                var items = new List<YamlNode>();
                while (Next(parser) is not SequenceEnd)
                {
                    items.Add(Read(parser, file, depth + 1));
                }

                return new YamlList(items, Line(start));
            case MappingStart:
                var entries = new List<(YamlText, YamlNode)>();
                while (Next(parser) is not MappingEnd)
                {
                    var key = Read(parser, file, depth + 1) as YamlText ?? throw Wrong(file, start.Start, "a key is not a text");
                    Next(parser);
                    entries.Add((key, Read(parser, file, depth + 1)));
                }

                return new YamlMap(entries, Line(start));
            default:
                throw Wrong(file, start.Start, start is AnchorAlias ? "aliases (*name) are not read" : "this is not a value");
        }
    }

    private static ParsingEvent Next(Parser parser) =>
        parser.MoveNext() && parser.Current is { } next ? next : throw new YamlException("the text ends too early");

    private static int Line(ParsingEvent at) => (int)Math.Clamp(at.Start.Line, 1, int.MaxValue);

    private static TorchyardException Wrong(string file, Mark at, string why, Exception? cause = null) =>
        new(Code, why, "correct the file, or write the recipe without it: torchyard init", cause)
        {
            Location = new SourceLocation(file, (int)Math.Max(1, at.Line), (int)Math.Max(1, at.Column)),
            IsUsage = true,
        };

    // "While scanning a plain scalar, found a tab character." without its end.
    private static string Sentence(YamlException wrong)
    {
        var message = wrong.Message.AsSpan();
        var end = message.IndexOfAny('\r', '\n');
        message = (end < 0 ? message : message[..end]).TrimEnd('.');
        return message.Length == 0 ? "the text ends too early" : char.ToLowerInvariant(message[0]) + message[1..].ToString();
    }
}
