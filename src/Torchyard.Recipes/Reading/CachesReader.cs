using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[caches]</c>.</summary>
internal static class CachesReader
{
    public static IReadOnlyList<SharedCache> Read(TomlTableReader table)
    {
        var names = table.Texts("shared") ?? [];
        for (var i = 0; i < names.Count; i++)
        {
            var known = SharedCache.All.Select(cache => cache.Name).ToList();
            if (!known.Contains(names[i]))
            {
                throw table.WrongItem(
                    "shared",
                    i,
                    $"there is no shared cache '{names[i]}'",
                    NearestName.Find(names[i], known) is { } near ? $"write \"{near}\"" : $"there are: {string.Join(", ", known)}"
                );
            }

            if (names.Take(i).Contains(names[i]))
            {
                throw table.WrongItem("shared", i, $"the cache '{names[i]}' is named twice", "remove one of the two", "TY1007");
            }
        }

        table.Finish();
        return [.. names.Order(StringComparer.Ordinal).Select(name => SharedCache.Find(name)!)];
    }
}
