using System.CommandLine;
using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;

namespace Torchyard.Commands;

/// <summary>The argument with which verbs take a recipe.</summary>
internal static class RecipeArgument
{
    /// <summary>A preset, a recipe file or a directory with one; without it the recipe of the working directory.</summary>
    public static Argument<string?> Create()
    {
        var argument = new Argument<string?>("recipe")
        {
            Description =
                $"A recipe file, a directory with one, or a preset ({string.Join(", ", Preset.Names)}); default: ./{RecipeReader.FileName}",
            Arity = ArgumentArity.ZeroOrOne,
        };
        argument.CompletionSources.Add(_ => Preset.Names);
        return argument;
    }
}
