using System.Text;
using Tomlyn;
using Tomlyn.Parsing;
using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Toml;

/// <summary>
/// Reads TOML 1.1 (toml.io) into a tree that remembers places. Tomlyn reads the grammar; this builds tables and refuses keys given twice.
/// </summary>
internal static class TomlDocument
{
    private const int DeepestNesting = 32;

    /// <summary>Reads UTF-8 bytes.</summary>
    /// <param name="content">The file.</param>
    /// <param name="file">Its path, for error messages.</param>
    /// <param name="syntaxCode">Error code for a file that is not TOML.</param>
    /// <param name="cure">What to do about a file that is not TOML.</param>
    /// <param name="mergeCure">What to do about the marks of a merge conflict.</param>
    /// <exception cref="TorchyardException">The file is not TOML, or gives a key twice (TY1003).</exception>
    public static TomlTable Parse(
        ReadOnlySpan<byte> content,
        string file,
        string syntaxCode,
        string cure,
        string mergeCure = "the file has the marks of a merge conflict; resolve it first"
    )
    {
        string text;
        try
        {
            // The same on every system: a text of several lines has line feeds in it, whatever git or an editor made of the file.
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(PlainLines.LineFeeds(PlainLines.WithoutMark(content)));
        }
        catch (DecoderFallbackException)
        {
            throw new TorchyardException(syntaxCode, $"{file} is not UTF-8 text", "save the file as UTF-8") { IsUsage = true };
        }

        try
        {
            var parser = TomlParser.Create(text);
            var builder = new Builder(parser, file);
            return builder.Read();
        }
        catch (TomlException failure)
        {
            var line = Math.Max(1, failure.Line ?? 1);
            throw new TorchyardException(
                syntaxCode,
                $"this is not TOML: {Sentence(failure)}",
                CureFor(text, line, cure, mergeCure),
                failure
            )
            {
                Location = new SourceLocation(file, line, Math.Max(1, failure.Column ?? 1)),
            };
        }
    }

    // The parser's messages are "(line,column) : error : Sentence." lines; the first says enough.
    private static string Sentence(TomlException failure)
    {
        var first = failure.Message.AsSpan();
        var end = first.IndexOfAny('\r', '\n');
        first = end < 0 ? first : first[..end];
        const string mark = "error : ";
        var start = first.IndexOf(mark, StringComparison.Ordinal);
        first = (start < 0 ? first : first[(start + mark.Length)..]).TrimEnd('.');
        return first.Length == 0 ? "the text ends too early" : char.ToLowerInvariant(first[0]) + first[1..].ToString();
    }

    private static string CureFor(string text, int line, string cure, string mergeCure)
    {
        var source = text.Split('\n').ElementAtOrDefault(line - 1) ?? "";
        return
            source.StartsWith("<<<<<<<", StringComparison.Ordinal)
            || source.StartsWith("=======", StringComparison.Ordinal)
            || source.StartsWith(">>>>>>>", StringComparison.Ordinal)
            ? mergeCure
            : cure;
    }

    private sealed class Builder(TomlParser parser, string file)
    {
        public TomlTable Read()
        {
            var root = new TomlTable(1, 1);
            while (parser.MoveNext())
            {
                if (parser.Current.Kind == TomlParseEventKind.StartTable)
                {
                    Fill(root, 0);
                }
            }

            return root;
        }

        // Called after StartTable; returns after its EndTable.
        private void Fill(TomlTable table, int depth)
        {
            if (depth > DeepestNesting)
            {
                throw new TomlException("tables are nested too deep");
            }

            while (parser.MoveNext() && parser.Current.Kind != TomlParseEventKind.EndTable)
            {
                var name = parser.GetPropertyName();
                var (line, column) = (At(parser.Current.Line), At(parser.Current.Column));
                parser.MoveNext();
                var existing = table.Entries.GetValueOrDefault(name);
                // Places of tables that come from a [header] are 0; such a table may be opened again for its sub-tables.
                var fromHeader = parser.Current.Line == 0;
                switch (parser.Current.Kind, existing?.Value)
                {
                    case (TomlParseEventKind.StartTable, TomlTable again) when fromHeader:
                        Fill(again, depth + 1);
                        continue;
                    case (TomlParseEventKind.StartArray, TomlArray again) when fromHeader:
                        Fill(again, line, column, depth + 1);
                        continue;
                    case (_, not null):
                        throw new TorchyardException(
                            PlatformCodes.KeyTwice,
                            $"'{name}' is given twice, first on line {existing!.Line}",
                            "remove one of the two"
                        )
                        {
                            Location = new SourceLocation(file, line, column),
                        };
                    default:
                        table.Entries.Add(name, new TomlEntry(Value(line, column, depth), line, column));
                        break;
                }
            }
        }

        // A table of a [[header]] is where its header is; of those that follow upon another only the first key has a place.
        private void Fill(TomlArray array, int headerLine, int headerColumn, int depth)
        {
            if (depth > DeepestNesting)
            {
                throw new TomlException("arrays are nested too deep");
            }

            while (parser.MoveNext() && parser.Current.Kind != TomlParseEventKind.EndArray)
            {
                var isPlaced = parser.Current.Line > 0;
                var follows = !isPlaced && array.Items.Count > 0;
                var item = Value(
                    isPlaced ? At(parser.Current.Line) : headerLine,
                    isPlaced ? At(parser.Current.Column) : headerColumn,
                    depth
                );
                // Of a [[header]] that follows the place of its first key is known, not its own.
                if (follows && item is TomlTable { Entries.Values: var entries } table && entries.FirstOrDefault() is { } first)
                {
                    table.MoveTo(first.Line, first.Column);
                }

                array.Items.Add(item);
            }
        }

        private TomlNode Value(int keyLine, int keyColumn, int depth)
        {
            var now = parser.Current;
            var line = now.Line > 0 ? now.Line : keyLine;
            var column = now.Line > 0 ? At(now.Column) : keyColumn;
            switch (now.Kind)
            {
                case TomlParseEventKind.StartTable:
                    var table = new TomlTable(line, column);
                    Fill(table, depth + 1);
                    return table;
                case TomlParseEventKind.StartArray:
                    var array = new TomlArray(line, column);
                    Fill(array, line, column, depth + 1);
                    return array;
                case TomlParseEventKind.String:
                    return new TomlString(parser.GetString(), line, column);
                case TomlParseEventKind.Integer:
                    return new TomlInteger(now.GetInt64(), line, column);
                case TomlParseEventKind.Float:
                    return new TomlFloat(now.GetDouble(), line, column);
                case TomlParseEventKind.Boolean:
                    return new TomlBoolean(now.GetBoolean(), line, column);
                default:
                    return new TomlDate(line, column);
            }
        }

        private static int At(int place) => Math.Max(1, place);
    }
}
