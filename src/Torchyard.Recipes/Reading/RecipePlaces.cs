using System.Globalization;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Reading;

/// <summary>Where in a recipe's file something is written, for errors that are found long after it was read.</summary>
public static class RecipePlaces
{
    /// <summary>
    /// Place of a value, or of the array when that is shorter; null when the file has changed so that it is not there.
    /// </summary>
    /// <param name="file">The recipe's file; null for a preset, which has no places.</param>
    /// <param name="path">Its path: <c>python.packages[2]</c>, <c>archives[0].key</c>.</param>
    public static SourceLocation? Of(string? file, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (file is null)
        {
            return null;
        }

        try
        {
            TomlNode? node = TomlDocument.Parse(RegularFile.TryRead(file, RecipeReader.LargestFile) ?? [], file, RecipeCodes.NotToml, "");
            foreach (var part in path.Split('.', '['))
            {
                node = part.EndsWith(']')
                    ? Item(node, int.Parse(part[..^1], CultureInfo.InvariantCulture))
                    : (node as TomlTable)?.Entries.GetValueOrDefault(part)?.Value;
            }

            return node is null ? null : new SourceLocation(file, node.Line, node.Column);
        }
        catch (Exception changed) when (changed is IOException or UnauthorizedAccessException or TorchyardException)
        {
            return null;
        }
    }

    private static TomlNode? Item(TomlNode? node, int index) =>
        node is TomlArray array && index < array.Items.Count ? array.Items[index] : node;
}
