using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Reading;

/// <summary>Where in a recipe's file something is written, for errors that are found long after it was read.</summary>
public static class RecipePlaces
{
    /// <summary>
    /// Place of an item of an array, or of the array when it is shorter; null when the file has changed so that it is not there.
    /// </summary>
    /// <param name="file">The recipe's file.</param>
    /// <param name="table">Table, e.g. <c>python</c>.</param>
    /// <param name="key">Key of the array.</param>
    /// <param name="index">Number of the item, from 0.</param>
    public static SourceLocation? OfItem(string file, string table, string key, int index)
    {
        try
        {
            return
                TomlDocument
                    .Parse(RegularFile.TryRead(file, RecipeReader.LargestFile) ?? [], file, "TY1001", "")
                    .Entries.GetValueOrDefault(table)
                    ?.Value
                    is TomlTable found
                && found.Entries.GetValueOrDefault(key)?.Value is TomlArray array
                ? Place(index < array.Items.Count ? array.Items[index] : array)
                : null;
        }
        catch (Exception changed) when (changed is IOException or UnauthorizedAccessException or TorchyardException)
        {
            return null;
        }

        SourceLocation Place(TomlNode node) => new(file, node.Line, node.Column);
    }
}
