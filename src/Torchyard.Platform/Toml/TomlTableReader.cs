using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Toml;

/// <summary>
/// Takes the keys of one table by name and type. What was not asked for when <see cref="Finish"/> is called is an unknown key,
/// so the reading code is the only list of keys there is.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="path">Dotted path of the table, empty for the top.</param>
/// <param name="file">Path of the file, for error messages.</param>
/// <param name="asked">Gets the dotted path of every key asked for.</param>
internal sealed class TomlTableReader(TomlTable table, string path, string file, ISet<string> asked)
{
    private readonly List<string> _known = [];

    /// <summary>True when the table has the key.</summary>
    public bool Has(string key) => table.Entries.ContainsKey(key);

    /// <summary>True when the key has a text.</summary>
    public bool IsText(string key) => table.Entries.TryGetValue(key, out var entry) && entry.Value is TomlString;

    /// <summary>True when the key has true or false.</summary>
    public bool IsFlag(string key) => table.Entries.TryGetValue(key, out var entry) && entry.Value is TomlBoolean;

    public string? Text(string key) => Take(key) is not { } entry ? null : Text(entry.Value, key);

    public string RequiredText(string key) => Text(key) ?? throw Missing(key);

    public bool? Flag(string key) =>
        Take(key) is not { } entry ? null
        : entry.Value is TomlBoolean flag ? flag.Value
        : throw WrongKind(key, entry.Value, "true or false");

    /// <summary>A whole number in a range.</summary>
    public long? Whole(string key, long least, long most)
    {
        if (Take(key) is not { } entry)
        {
            return null;
        }

        var value = entry.Value is TomlInteger number ? number.Value : throw WrongKind(key, entry.Value, "a whole number");
        return value >= least && value <= most
            ? value
            : throw WrongValue(entry.Value, $"'{Full(key)}' is {value}", $"use a number from {least} to {most}");
    }

    /// <summary>A number, whole or not.</summary>
    public double? Number(string key) =>
        Take(key) is not { } entry
            ? null
            : entry.Value switch
            {
                TomlInteger number => number.Value,
                TomlFloat number => number.Value,
                var other => throw WrongKind(key, other, "a number"),
            };

    public IReadOnlyList<string>? Texts(string key) =>
        Take(key) is not { } entry ? null
        : entry.Value is TomlArray array ? [.. array.Items.Select(item => Text(item, key))]
        : throw WrongKind(key, entry.Value, "an array of texts, such as [\"one\", \"two\"]");

    /// <summary>A table whose keys the user chooses, each with a text.</summary>
    public IReadOnlyDictionary<string, string>? TextMap(string key)
    {
        if (Take(key) is not { } entry)
        {
            return null;
        }

        var map = entry.Value as TomlTable ?? throw WrongKind(key, entry.Value, "a table");
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in map.Entries)
        {
            result.Add(name, Text(value.Value, $"{key}.{name}"));
        }

        return result;
    }

    /// <summary>Every text of this table that was not asked for by its key: the user chooses these keys.</summary>
    public IReadOnlyDictionary<string, string> Others()
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in table.Entries.Where(entry => !_known.Contains(entry.Key)))
        {
            result.Add(name, Text(value.Value, name));
            _known.Add(name);
        }

        return result;
    }

    /// <summary>Every table of this table that was not asked for by its key: the user chooses these keys.</summary>
    public IReadOnlyList<KeyValuePair<string, TomlTableReader>> OtherTables() =>
        [
            .. table
                .Entries.Where(entry => !_known.Contains(entry.Key) && entry.Value.Value is TomlTable)
                .OrderBy(entry => entry.Key, StringComparer.Ordinal)
                .ToList()
                .Select(entry => KeyValuePair.Create(entry.Key, Table(entry.Key)!)),
        ];

    public TomlTableReader? Table(string key) =>
        Take(key) is not { } entry ? null
        : entry.Value is TomlTable inner ? new TomlTableReader(inner, Full(key), file, asked)
        : throw WrongKind(key, entry.Value, $"a table: [{Full(key)}]");

    public IReadOnlyList<TomlTableReader> Tables(string key)
    {
        if (Take(key) is not { } entry)
        {
            return [];
        }

        var array = entry.Value as TomlArray ?? throw WrongKind(key, entry.Value, $"a series of tables: [[{Full(key)}]]");
        return
        [
            .. array.Items.Select(item =>
                item is TomlTable inner
                    ? new TomlTableReader(inner, Full(key), file, asked)
                    : throw WrongKind(key, item, $"a series of tables: [[{Full(key)}]]")
            ),
        ];
    }

    /// <summary>Refuses keys that nothing asked for.</summary>
    public void Finish()
    {
        foreach (var (name, entry) in table.Entries)
        {
            if (_known.Contains(name))
            {
                continue;
            }

            var nearest = NearestName.Find(name, _known);
            var where = path.Length == 0 ? "at the top of the file" : $"in [{path}]";
            throw new TorchyardException(
                "TY1002",
                $"there is no key '{name}' {where}",
                nearest is not null ? $"write '{nearest}'" : $"remove it; the keys here are: {string.Join(", ", _known)}"
            )
            {
                Location = new SourceLocation(file, entry.Line, entry.Column),
            };
        }
    }

    /// <summary>An error about the value of a key of this table.</summary>
    public TorchyardException Wrong(string key, string what, string cure, string code = "TY1005") =>
        table.Entries.TryGetValue(key, out var entry) ? WrongValue(entry.Value, what, cure, code) : WrongValue(table, what, cure, code);

    /// <summary>An error about one item of an array of this table.</summary>
    public TorchyardException WrongItem(string key, int index, string what, string cure, string code = "TY1005") =>
        table.Entries.TryGetValue(key, out var entry) && entry.Value is TomlArray array && index < array.Items.Count
            ? WrongValue(array.Items[index], what, cure, code)
            : Wrong(key, what, cure, code);

    private TomlEntry? Take(string key)
    {
        _known.Add(key);
        asked.Add(Full(key));
        return table.Entries.GetValueOrDefault(key);
    }

    private string Full(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private string Text(TomlNode node, string key) => node is TomlString text ? text.Value : throw WrongKind(key, node, "a text in quotes");

    private TorchyardException Missing(string key) =>
        new("TY1006", $"the key '{Full(key)}' is missing", $"add it, for example: {key} = \"…\"")
        {
            Location = new SourceLocation(file, table.Line, table.Column),
        };

    private TorchyardException WrongKind(string key, TomlNode node, string wanted) =>
        WrongValue(node, $"'{Full(key)}' is {node.Kind}", $"give {wanted}", "TY1004");

    private TorchyardException WrongValue(TomlNode node, string what, string cure, string code = "TY1005") =>
        new(code, what, cure) { Location = new SourceLocation(file, node.Line, node.Column) };
}
