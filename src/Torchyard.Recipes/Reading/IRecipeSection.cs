using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>A table of a recipe that belongs to one source. <see cref="RecipeSections"/> has the list.</summary>
internal interface IRecipeSection
{
    /// <summary>Name of the table.</summary>
    string Table { get; }

    /// <summary>The recipe with what the table says; the table is finished.</summary>
    Recipe Read(TomlTableReader table, Recipe recipe);

    /// <summary>Writes the table in canonical form; nothing where the recipe does not have it.</summary>
    /// <param name="text">Gets the table.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="path">Path of the table.</param>
    void Write(TomlText text, Recipe recipe, string path);
}
