using System.Text;
using Tomlyn.Parsing;
using Tomlyn.Syntax;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Editing;

/// <summary>
/// Changes a list of somebody's recipe and leaves every other byte of the file as it is: comments, order, quotes, line ends. Tomlyn's
/// syntax tree says where things are; what comes out is read again, and must be the recipe that was meant.
/// </summary>
public sealed class RecipeEditor
{
    private const char ByteOrderMark = '\ufeff';

    private readonly string _file;
    private readonly string _mark;
    private string _text;

    /// <param name="content">The recipe, UTF-8.</param>
    /// <param name="file">Its path for messages.</param>
    /// <exception cref="TorchyardException">As <see cref="RecipeReader.Read(ReadOnlySpan{byte}, string)"/>.</exception>
    public RecipeEditor(ReadOnlySpan<byte> content, string file)
    {
        Recipe = RecipeReader.Read(content, file);
        // The reader has refused what is not UTF-8.
        var text = Encoding.UTF8.GetString(content);
        _mark = text.StartsWith(ByteOrderMark) ? "\ufeff" : "";
        _text = text[_mark.Length..];
        _file = file;
    }

    /// <summary>The recipe as it is by now.</summary>
    public Recipe Recipe { get; private set; }

    /// <summary>Its text.</summary>
    public string Text => _text;

    /// <summary>The text as it is stored.</summary>
    public byte[] Content => Encoding.UTF8.GetBytes(_mark + _text);

    private string LineEnd => _text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<string> Items(RecipeList list) => ItemsOf(Recipe, list);

    /// <summary>Adds an item at the end of a list, which is made where it is not there.</summary>
    /// <exception cref="TorchyardException">TY1051: the file is written in a way that cannot be added to.</exception>
    public void Add(RecipeList list, string item)
    {
        ArgumentNullException.ThrowIfNull(list);
        Change(list, [.. Items(list), item], Find(list) is { } array ? Appended(array, item) : WithList(list, item));
    }

    /// <summary>Puts another item in the place of one.</summary>
    /// <param name="list">The list.</param>
    /// <param name="index">Number of the item, from 0.</param>
    /// <param name="item">The new item.</param>
    /// <exception cref="TorchyardException">TY1051.</exception>
    public void Replace(RecipeList list, int index, string item)
    {
        ArgumentNullException.ThrowIfNull(list);
        var value = ItemAt(list, index).Value!;
        var items = Items(list).ToList();
        items[index] = item;
        Change(list, items, Spliced(Start(value), End(value), Quote(item)));
    }

    /// <summary>Takes an item out, with the comment on its line.</summary>
    /// <param name="list">The list.</param>
    /// <param name="index">Number of the item, from 0.</param>
    /// <exception cref="TorchyardException">TY1051.</exception>
    public void Remove(RecipeList list, int index)
    {
        ArgumentNullException.ThrowIfNull(list);
        var array = Find(list) ?? throw CannotEdit(list);
        var item = ItemAt(list, index);
        var items = Items(list).ToList();
        items.RemoveAt(index);
        var (start, end) = (Start(item.Value!), item.Comma is { } comma ? End(comma) : End(item.Value!));
        var (lineStart, lineEnd) = (LineStart(start), LineEndAt(end));
        var isAlone =
            string.IsNullOrWhiteSpace(_text[lineStart..start])
            && _text[end..lineEnd].TrimStart() is "" or ['#', ..]
            && lineStart > Start(array.OpenBracket!);
        if (isAlone)
        {
            (start, end) = (lineStart, Math.Min(_text.Length, lineEnd + LineEndLength(lineEnd)));
        }
        else if (item.Comma is null && index > 0)
        {
            // The last of a line: the comma before it goes, too.
            start = End(array.Items.GetChild(index - 1)!.Value!);
        }
        else
        {
            while (end < _text.Length && _text[end] == ' ' && index < array.Items.ChildrenCount - 1)
            {
                end++;
            }
        }

        Change(list, items, Spliced(start, end, ""));
    }

    private void Change(RecipeList list, IReadOnlyList<string> items, string text)
    {
        Recipe changed;
        try
        {
            changed = RecipeReader.Read(Encoding.UTF8.GetBytes(text), _file);
        }
        catch (TorchyardException wrong)
        {
            // The file was good before: the place is one of a text that nobody sees.
            throw wrong.Code == RecipeCodes.NotToml
                ? CannotEdit(list)
                : new TorchyardException(wrong.Code, wrong.Message, wrong.Cure, wrong) { IsUsage = true };
        }

        if (RecipeText.Write(changed) != RecipeText.Write(With(Recipe, list, items)))
        {
            throw CannotEdit(list);
        }

        (_text, Recipe) = (text, changed);
    }

    private static Recipe With(Recipe recipe, RecipeList list, IReadOnlyList<string> items) =>
        list == RecipeList.Packages ? recipe with { Packages = items }
        : list == RecipeList.Python ? recipe with { Python = (recipe.Python ?? new PythonSettings()) with { Packages = items } }
        : recipe with { Python = (recipe.Python ?? new PythonSettings()) with { Requirements = items } };

    private static IReadOnlyList<string> ItemsOf(Recipe recipe, RecipeList list) =>
        list == RecipeList.Packages ? recipe.Packages
        : list == RecipeList.Python ? recipe.Python?.Packages ?? []
        : recipe.Python?.Requirements ?? [];

    private string Appended(ArraySyntax array, string item)
    {
        var count = array.Items.ChildrenCount;
        var close = Start(array.CloseBracket!);
        if (count == 0)
        {
            // Nothing but blanks between the brackets; a comment there stays.
            var open = End(array.OpenBracket!);
            return string.IsNullOrWhiteSpace(_text[open..close])
                ? Spliced(open, close, Quote(item))
                : Spliced(open, open, Quote(item) + ",");
        }

        var last = array.Items.GetChild(count - 1)!;
        var value = last.Value!;
        var lastStart = Start(value);
        var indent = _text[LineStart(lastStart)..lastStart];
        if (LineStart(lastStart) <= Start(array.OpenBracket!) || !string.IsNullOrWhiteSpace(indent))
        {
            // Behind the others on their line.
            return last.Comma is { } comma
                ? Spliced(End(comma), End(comma), $" {Quote(item)},")
                : Spliced(End(value), End(value), $", {Quote(item)}");
        }

        // A line of its own, behind the last one's comment.
        var end = last.Comma is { } ended ? End(ended) : End(value);
        var lineEnd = Math.Min(LineEndAt(end), close);
        var line = $"{LineEnd}{indent}{Quote(item)}{(last.Comma is null ? "" : ",")}";
        var text = Spliced(lineEnd, lineEnd, line);
        return last.Comma is null ? text[..end] + "," + text[end..] : text;
    }

    private string WithList(RecipeList list, string item)
    {
        var line = $"{list.Key} = [{Quote(item)}]{LineEnd}";
        var document = Tree(list);
        if (list.Table.Length == 0)
        {
            // Before the first table, behind the keys of the top.
            var keys = document.KeyValues.ToList();
            var at = keys.Count > 0 ? NextLine(End(keys[^1].Value!)) : 0;
            return Spliced(at, at, AtLineStart(at, line));
        }

        if (document.Tables.OfType<TableSyntax>().FirstOrDefault(table => Name(table.Name!) == list.Table) is { } table)
        {
            var entries = table.Items.ToList();
            var at = NextLine(entries.Count > 0 ? End(entries[^1].Value!) : End(table.CloseBracket!));
            return Spliced(at, at, AtLineStart(at, line));
        }

        if (Recipe.Python is not null)
        {
            // An inline table or dotted keys.
            throw CannotEdit(list);
        }

        // Behind [base], where people look for it.
        var system = document.Tables.OfType<TableSyntax>().FirstOrDefault(one => Name(one.Name!) == "base" && one.Items.ChildrenCount > 0);
        var behind = system is null ? _text.Length : NextLine(End(system.Items.Last().Value!));
        return Spliced(behind, behind, AtLineStart(behind, $"{LineEnd}[{list.Table}]{LineEnd}{line}"));
    }

    // A file whose last line does not end.
    private string AtLineStart(int at, string text) => at > 0 && _text[at - 1] != '\n' ? LineEnd + text : text;

    private ArrayItemSyntax ItemAt(RecipeList list, int index) =>
        Find(list) is { } array && index < array.Items.ChildrenCount ? array.Items.GetChild(index)! : throw CannotEdit(list);

    private ArraySyntax? Find(RecipeList list)
    {
        var document = Tree(list);
        var path = list.Table.Length == 0 ? list.Key : $"{list.Table}.{list.Key}";
        return document
            .KeyValues.Select(pair => Find(pair, "", path))
            .Concat(
                document
                    .Tables.OfType<TableSyntax>()
                    .SelectMany(table => table.Items.Select(pair => Find(pair, Name(table.Name!) + ".", path)))
            )
            .FirstOrDefault(found => found is not null);
    }

    private static ArraySyntax? Find(KeyValueSyntax pair, string prefix, string path)
    {
        var name = prefix + Name(pair.Key!);
        return name == path ? pair.Value as ArraySyntax
            : pair.Value is InlineTableSyntax inline
                ? inline
                    .Items.Select(item => item.KeyValue is { } inner ? Find(inner, name + ".", path) : null)
                    .FirstOrDefault(found => found is not null)
            : null;
    }

    private static string Name(KeySyntax key) =>
        string.Join('.', new[] { Part(key.Key) }.Concat(key.DotKeys.Select(dotted => Part(dotted.Key))));

    private static string Part(BareKeyOrStringValueSyntax? key) =>
        key switch
        {
            StringValueSyntax text => text.Value ?? "",
            BareKeySyntax bare => bare.Key?.Text ?? "",
            _ => "",
        };

    private DocumentSyntax Tree(RecipeList list)
    {
        var document = SyntaxParser.Parse(_text, _file, validate: true);
        return document.HasErrors ? throw CannotEdit(list) : document;
    }

    private TorchyardException CannotEdit(RecipeList list) =>
        new("TY1051", $"{_file} is written in a way that its {list.Shown} cannot be changed in place", "change the list with an editor")
        {
            IsUsage = true,
        };

    private static int Start(SyntaxNode node) => node.Span.Start.Offset;

    // Spans end at their last character.
    private static int End(SyntaxNode node) => node.Span.End.Offset + 1;

    private string Spliced(int start, int end, string text) => string.Concat(_text.AsSpan(0, start), text, _text.AsSpan(end));

    private int LineStart(int at) => _text.LastIndexOf('\n', Math.Max(0, at - 1)) + 1;

    private int LineEndAt(int at)
    {
        var feed = _text.IndexOf('\n', at);
        return feed < 0 ? _text.Length
            : feed > at && _text[feed - 1] == '\r' ? feed - 1
            : feed;
    }

    private int LineEndLength(int at) =>
        at >= _text.Length ? 0
        : _text[at] == '\r' ? 2
        : 1;

    private int NextLine(int at)
    {
        var end = LineEndAt(at);
        return end + LineEndLength(end);
    }

    private static string Quote(string item) => TomlText.Quoted(item);
}
