using System.Globalization;
using System.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>A key of a recipe that another recipe has otherwise.</summary>
/// <param name="Key">The key with its tables, such as <c>services.jupyter.port</c>.</param>
/// <param name="Before">The value before; of a list what it had more; null for none, and of a variable's other value.</param>
/// <param name="After">The value after; of a list what it has more; null as before.</param>
/// <param name="IsList">It is a list.</param>
public sealed record RecipeDifference(string Key, string? Before, string? After, bool IsList)
{
    /// <summary>The difference as a line for people.</summary>
    public string Text =>
        (IsList, Before, After) switch
        {
            (_, null, null) => $"{Key}: another value",
            (true, null, _) => $"{Key}: {After} added",
            (true, _, null) => $"{Key}: {Before} removed",
            (true, _, _) => $"{Key}: {After} added, {Before} removed",
            (_, null, _) => $"{Key}: {After}, which is new",
            (_, _, null) => $"{Key}: {Before} removed",
            _ => $"{Key}: {After}, was {Before}",
        };
}

/// <summary>
/// Tells what differs between two recipes that decide images: every key of their written form, so that no setting can be forgotten.
/// </summary>
public static class RecipeDifferences
{
    private const int MostShown = 4;
    private const string Variable = "a variable";

    /// <summary>The differences. What only the container has, such as limits, mounts and its environment, is not looked at.</summary>
    public static IReadOnlyList<RecipeDifference> Between(Recipe before, Recipe after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var (old, now) = (Flat(before), Flat(after));
        return
        [
            .. now
                .Keys.Union(old.Keys, StringComparer.Ordinal)
                .Select(key => Compare(key, old.GetValueOrDefault(key), now.GetValueOrDefault(key)))
                .OfType<RecipeDifference>(),
        ];
    }

    private static RecipeDifference? Compare(string key, TomlNode? before, TomlNode? after)
    {
        // Those of the image and of services: a secret in one stands in the wrong place, but is no less secret.
        if (key.Split('.') is ["image", "environment", _] or ["services", _, "environment", _])
        {
            return Value(before) == Value(after)
                ? null
                : new RecipeDifference(key, after is null ? Variable : null, before is null ? Variable : null, IsList: false);
        }

        if (before is not TomlArray && after is not TomlArray)
        {
            var (old, now) = (Value(before), Value(after));
            return old == now ? null : new RecipeDifference(key, old, now, IsList: false);
        }

        var (had, has) = (Items(before), Items(after));
        var (less, more) = (Names(had.Except(has, StringComparer.Ordinal)), Names(has.Except(had, StringComparer.Ordinal)));
        return (less, more) switch
        {
            (null, null) when had.SequenceEqual(has, StringComparer.Ordinal) || key == "packages" => null,
            // The order of indexes and mirrors counts.
            (null, null) => new RecipeDifference(key, string.Join(", ", had), string.Join(", ", has), IsList: false),
            _ => new RecipeDifference(key, less, more, IsList: true),
        };
    }

    private static Dictionary<string, TomlNode> Flat(Recipe recipe)
    {
        var text = RecipeText.Write(recipe.OfImage() with { Mounts = [] });
        var result = new Dictionary<string, TomlNode>(StringComparer.Ordinal);
        Add(TomlDocument.Parse(Encoding.UTF8.GetBytes(text), "the recipe", "TY1001", ""), "");
        return result;

        void Add(TomlTable table, string prefix)
        {
            foreach (var (name, entry) in table.Entries)
            {
                if (entry.Value is TomlTable inner)
                {
                    Add(inner, prefix + name + ".");
                }
                else
                {
                    result[prefix + name] = entry.Value;
                }
            }
        }
    }

    private static List<string> Items(TomlNode? node) => node is TomlArray array ? [.. array.Items.Select(Value).OfType<string>()] : [];

    private static string? Value(TomlNode? node) =>
        node switch
        {
            TomlString text => text.Value,
            TomlInteger number => number.Value.ToString(CultureInfo.InvariantCulture),
            TomlFloat number => number.Value.ToString("R", CultureInfo.InvariantCulture),
            TomlBoolean flag => flag.Value ? "true" : "false",
            // One of a series, such as [[files]].
            TomlTable table => $"{{ {string.Join(", ", table.Entries.Select(entry => $"{entry.Key} = {Inline(entry.Value.Value)}"))} }}",
            TomlArray array => string.Join(' ', array.Items.Select(Value).OfType<string>()),
            _ => null,
        };

    private static string? Inline(TomlNode node) =>
        node switch
        {
            TomlString text => TomlText.Quoted(text.Value),
            TomlArray array => $"[{string.Join(", ", array.Items.Select(Inline))}]",
            _ => Value(node),
        };

    private static string? Names(IEnumerable<string> items)
    {
        var all = items.ToList();
        return all.Count == 0
            ? null
            : string.Join(", ", all.Take(MostShown))
                + (all.Count > MostShown ? string.Create(CultureInfo.InvariantCulture, $" and {all.Count - MostShown} more") : "");
    }
}
